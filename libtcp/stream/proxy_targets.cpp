// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_targets.hpp"

#include <algorithm>
#include <iterator>

#include "libtcp/base/ip_address.hpp"

namespace tcp::stream {
namespace {

// Unix-domain sockets are this host's.
bool is_local(const Address& client) {
  const auto* endpoint = std::get_if<Endpoint>(&client);
  return endpoint == nullptr || endpoint->address.unmapped().is_loopback();
}

// 0.0.0.0/8 is "this network": the kernel takes 0.0.0.0 for loopback.
bool is_unspecified(const IpAddress& address) {
  return address.is_any() || (address.is_v4() && address.bytes().front() == 0);
}

// An IPv4 address in IPv6's clothes (RFC 6052's well-known prefix, RFC 3056, RFC 4291 §2.5.5.1) is judged as what a
// translator would make of it.
IpAddress plain(const IpAddress& address) {
  const IpAddress unmapped = address.unmapped().without_scope();
  if (unmapped.is_v4()) return unmapped;
  const auto bytes = unmapped.bytes();
  const auto v4_at = [&](std::size_t at) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) bits = bits << 8U | bytes[at + i];
    return IpAddress::v4(bits);
  };
  static const Prefix kTranslated = make_prefix(*parse_ip_address("64:ff9b::"), 96);
  static const Prefix kSixToFour = make_prefix(*parse_ip_address("2002::"), 16);
  static const Prefix kCompatible = make_prefix(IpAddress::any(Family::v6), 96);
  if (kTranslated.contains(unmapped)) return v4_at(12);
  if (kSixToFour.contains(unmapped)) return v4_at(2);
  const bool has_v4 = kCompatible.contains(unmapped) && !unmapped.is_any() && !unmapped.is_loopback();
  return has_v4 ? v4_at(12) : unmapped;
}

}  // namespace

Result<ProxyTargets> ProxyTargets::load(const AccessRules& rules) {
  TCP_TRY_ASSIGN(list, AccessList::load(rules));
  return ProxyTargets(std::move(list), !rules.allow.empty());
}

bool ProxyTargets::permits(const IpAddress& target, const Address& client) const {
  const IpAddress address = plain(target);
  if (!list_.permits(target) || (address != target.unmapped().without_scope() && !list_.permits(address))) return false;
  if (is_restricted_) return true;
  if (is_unspecified(address) || address.is_multicast() || address.is_broadcast() || address.is_link_local()) {
    return false;
  }
  return !address.is_loopback() || is_local(client);
}

std::vector<IpAddress> ProxyTargets::permitted(const std::vector<IpAddress>& targets, const Address& client) const {
  std::vector<IpAddress> some;
  std::ranges::copy_if(targets, std::back_inserter(some), [&](const IpAddress& each) { return permits(each, client); });
  return some;
}

}  // namespace tcp::stream
