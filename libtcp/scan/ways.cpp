// SPDX-License-Identifier: MIT
#include "libtcp/scan/ways.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>

#include "libtcp/scan/not_sent.hpp"

namespace tcp::scan {
namespace {

constexpr std::size_t kMostPrefixes = 65536;  // with more, each address is asked for by itself
constexpr std::size_t kMostWays = 8192;       // remembered

std::uint64_t number_of(std::span<const std::uint8_t> bytes) noexcept {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8 | byte;
  return number;
}

}  // namespace

Ways::Key Ways::key_of(const IpAddress& address) noexcept {
  const auto bytes = address.bytes();
  if (address.is_v4()) return {0, number_of(bytes)};
  return {number_of(bytes.first(8)), number_of(bytes.subspan(8))};
}

// A range begins where a prefix does, and behind its end.
Ways::Starts Ways::read_starts(Family family) {
  const auto prefixes = net::list_route_prefixes(family, kMostPrefixes);
  std::vector<Key> starts;
  if (!prefixes) return starts;
  starts.push_back({});
  for (const Prefix& prefix : *prefixes) {
    const Key first = key_of(prefix.address);
    const unsigned host_bits = prefix.address.bits() - prefix.length;
    Key last = first;
    if (host_bits > 0) last.lower |= std::numeric_limits<std::uint64_t>::max() >> (64 - std::min(host_bits, 64U));
    if (host_bits > 64) last.upper |= std::numeric_limits<std::uint64_t>::max() >> (128 - host_bits);
    starts.push_back(first);
    const Key next{last.upper + (last.lower == std::numeric_limits<std::uint64_t>::max() ? 1 : 0), last.lower + 1};
    if (next > last) starts.push_back(next);
  }
  std::ranges::sort(starts);
  const auto repeated = std::ranges::unique(starts);
  starts.erase(repeated.begin(), repeated.end());
  return starts;
}

Ways::Recent Ways::range_of(const IpAddress& target, const Key& key) {
  Recent range{target.family(), target.scope_id(), key, key, nullptr};
  Starts& starts = starts_[target.is_v4() ? 0 : 1];
  if (!starts) starts = read_starts(target.family());
  const auto next = std::ranges::upper_bound(*starts, key);
  if (next == starts->begin()) return range;
  range.first = *std::prev(next);
  if (next == starts->end()) {
    range.last = {std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max()};
  } else {
    range.last = {next->upper - (next->lower == 0 ? 1 : 0), next->lower - 1};
  }
  return range;
}

const Way& Ways::to(const IpAddress& target) {
  const Key key = key_of(target);
  if (recent_.has(target, key)) return *recent_.way;
  recent_ = range_of(target, key);
  recent_.way = &find(target, recent_.first);
  return *recent_.way;
}

const Way& Ways::find(const IpAddress& target, const Key& first) {
  const RangeKey key{target.family(), target.scope_id(), first};
  const auto known = ways_.find(key);
  if (known != ways_.end()) return known->second;
  if (ways_.size() >= kMostWays) ways_.clear();
  return ways_.emplace(key, ask(target)).first->second;
}

Way Ways::ask(const IpAddress& target) const {
  net::RouteHints hints;
  hints.interface_index = options_.interface_index;
  if (options_.source && options_.source->family() == target.family()) hints.source = options_.source;
  const auto route = net::find_route(target, hints);
  Way way;
  if (!route) {
    way.error_number = error_number_of(route.error());
    return way;
  }
  way.local = route->local;
  way.interface_index = route->interface_index;
  way.interface_name = route->interface_name;
  way.framed = route->link_address && !route->local;
  if (options_.vlan && !way.framed && !way.local) way.error_number = EOPNOTSUPP;
  std::optional<LinkHeader> link;
  if (way.framed) link = LinkHeader{*route->link_address, options_.vlan};
  if (way.framed && route->gateway) way.gateway = &neighbours_.find(route->interface_index, *route->gateway);
  way.given_hop = options_.gateway_mac;
  way.probe = FrameTemplate(link, route->source, route->mtu, options_.shape);
  const auto bare = [&](std::uint16_t control_bits) {
    const ProbeShape shape{.control_bits = control_bits,
                           .maximum_segment_size = {},
                           .time_to_live = options_.shape.time_to_live,
                           .options = false};
    return FrameTemplate(link, route->source, route->mtu, shape);
  };
  way.reset = bare(packet::control::rst);
  way.acknowledgment = bare(packet::control::ack);
  return way;
}

void Ways::forget() {
  starts_ = {};
  ways_.clear();
  recent_ = {};
}

}  // namespace tcp::scan
