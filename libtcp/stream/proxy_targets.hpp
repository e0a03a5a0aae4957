// SPDX-License-Identifier: MIT
// Where clients of a proxy server may go. Addresses are judged, after names have been looked up, so that no name leads
// around a rule.
#pragma once

#include <vector>

#include "libtcp/stream/access_list.hpp"
#include "libtcp/stream/address.hpp"

namespace tcp::stream {

class ProxyTargets {
 public:
  // Errors: those of AccessList::load().
  [[nodiscard]] static Result<ProxyTargets> load(const AccessRules& rules);

  // Denial wins; where anything is allowed, everything else is denied. Without an allowing rule, what is meant for a
  // host or a link itself is denied: unspecified, multicast, broadcast and link-local addresses (cloud metadata is
  // among them), and loopback to everybody who does not come from this host.
  [[nodiscard]] bool permits(const IpAddress& target, const Address& client) const;

  // Those that are permitted, in their order.
  [[nodiscard]] std::vector<IpAddress> permitted(const std::vector<IpAddress>& targets, const Address& client) const;

 private:
  ProxyTargets(AccessList list, bool is_restricted) : list_(std::move(list)), is_restricted_(is_restricted) {}

  AccessList list_;
  bool is_restricted_;  // something is allowed
};

}  // namespace tcp::stream
