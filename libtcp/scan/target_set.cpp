// SPDX-License-Identifier: MIT
#include "libtcp/scan/target_set.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tcp::scan {
namespace {

constexpr std::uint64_t kLargestSet = std::uint64_t{1} << 40;
constexpr Uint128 kMostCounted = Uint128{1} << 62;

Uint128 number_of(const IpAddress& address) noexcept {
  Uint128 number = 0;
  for (const std::uint8_t byte : address.bytes()) number = number << 8 | byte;
  return number;
}

IpAddress v6_at(Uint128 number, std::uint32_t scope_id) noexcept {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(number >> (120 - 8 * i));
  return IpAddress::v6(bytes, scope_id);
}

bool precedes(const AddressRange& a, const AddressRange& b) noexcept {
  return std::pair(number_of(a.first), a.first.scope_id()) < std::pair(number_of(b.first), b.first.scope_id());
}

// Two neighbours of the sorted zones that share an address.
Result<void> check_zones(const std::vector<AddressRange>& zones) {
  const auto clash = std::ranges::adjacent_find(zones, [](const AddressRange& a, const AddressRange& b) {
    return a.first.scope_id() != b.first.scope_id() && number_of(b.first) <= number_of(a.last);
  });
  if (clash == zones.end()) return {};
  return usage_error("target " + to_string((clash + 1)->first),
                     "also given with another zone: scan each in its own run");
}

// Ranges of one zone that overlap become one, so that neighbours tell of every clash.
void join_zones(std::vector<AddressRange>& zones) {
  std::ranges::sort(zones, precedes);
  std::vector<AddressRange> joined;
  for (const AddressRange& range : zones) {
    const bool continues = !joined.empty() && joined.back().first.scope_id() == range.first.scope_id() &&
                           number_of(range.first) <= number_of(joined.back().last);
    if (!continues) {
      joined.push_back(range);
    } else if (number_of(joined.back().last) < number_of(range.last)) {
      joined.back().last = range.last;
    }
  }
  zones = std::move(joined);
}

// Disjoint.
std::vector<AddressRange> make_not_public() {
  std::vector<AddressRange> ranges;
  for (const char* text : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16",
                           "100.64.0.0/10", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "::1",
                           "fc00::/7", "fe80::/10", "2001:db8::/32", "3fff::/20"}) {
    ranges.push_back(to_range(*parse_prefix(text)));
  }
  return ranges;
}

}  // namespace

std::uint64_t size_of(const AddressRange& range) noexcept {
  const Uint128 distance = number_of(range.last) - number_of(range.first);
  return distance >= kMostCounted ? static_cast<std::uint64_t>(kMostCounted) : static_cast<std::uint64_t>(distance) + 1;
}

void RangeCollector::add(const AddressRange& range) {
  if (range.first.is_v4()) {
    set_.v4_.add(range.first.to_v4(), range.last.to_v4());
    return;
  }
  set_.v6_.add(number_of(range.first), number_of(range.last));
  if (range.first.scope_id() != 0 || range.first.is_link_local()) set_.zones_.push_back(range);
}

TargetSet RangeCollector::settle_unbounded() && {
  set_.v4_.settle();
  set_.v6_.settle();
  join_zones(set_.zones_);
  return std::move(set_);
}

Result<TargetSet> RangeCollector::settle() && {
  TargetSet set = std::move(*this).settle_unbounded();
  TCP_TRY(check_zones(set.zones_));
  if (set.size() > kLargestSet) return usage_error("targets", "more than 2^40 addresses");
  return set;
}

Result<TargetSet> TargetSet::make(const std::vector<AddressRange>& ranges) {
  RangeCollector collector;
  for (const AddressRange& range : ranges) collector.add(range);
  return std::move(collector).settle();
}

TargetSet TargetSet::without(const TargetSet& excluded) const {
  TargetSet rest;
  rest.v4_ = v4_.without(excluded.v4_);
  rest.v6_ = v6_.without(excluded.v6_);
  rest.zones_ = zones_;
  return rest;
}

TargetSet TargetSet::only(Family family) const {
  TargetSet rest;
  if (family == Family::v4) {
    rest.v4_ = v4_;
  } else {
    rest.v6_ = v6_;
    rest.zones_ = zones_;
  }
  return rest;
}

IpAddress TargetSet::v6_address(Uint128 number) const noexcept {
  if (zones_.empty()) return v6_at(number, 0);
  const auto after =
      std::ranges::upper_bound(zones_, number, {}, [](const AddressRange& r) { return number_of(r.first); });
  const bool inside = after != zones_.begin() && number <= number_of((after - 1)->last);
  return v6_at(number, inside ? (after - 1)->first.scope_id() : 0);
}

IpAddress TargetSet::operator[](std::uint64_t index) const noexcept {
  if (index < v4_.size()) return IpAddress::v4(v4_[index]);
  return v6_address(v6_[index - v4_.size()]);
}

std::optional<std::uint64_t> TargetSet::index_of(const IpAddress& address) const noexcept {
  if (address.is_v4()) return v4_.index_of(address.to_v4());
  const auto index = v6_.index_of(number_of(address));
  return index ? std::optional(v4_.size() + *index) : std::nullopt;
}

bool TargetSet::has(Family family) const noexcept { return family == Family::v4 ? !v4_.empty() : !v6_.empty(); }

AddressRange TargetSet::range(std::size_t index) const noexcept {
  if (index < v4_.count()) {
    const auto [first, last] = v4_.interval(index);
    return {IpAddress::v4(first), IpAddress::v4(last)};
  }
  const auto [first, last] = v6_.interval(index - v4_.count());
  return {v6_address(first), v6_address(last)};
}

std::uint64_t TargetSet::count_public() const {
  static const std::vector<AddressRange> not_public = make_not_public();
  std::uint64_t count = size();
  for (const auto& [first, last] : not_public) {
    count -= first.is_v4() ? v4_.count_within(first.to_v4(), last.to_v4())
                           : v6_.count_within(number_of(first), number_of(last));
  }
  return count;
}

}  // namespace tcp::scan
