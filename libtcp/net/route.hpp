// SPDX-License-Identifier: MIT
// Which way a packet to an address leaves this host (rtnetlink RTM_GETROUTE).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/base/mac_address.hpp"

namespace tcp::net {

struct RouteHints {
  std::optional<IpAddress> source = {};
  std::optional<std::uint32_t> interface_index = {};
};

struct Route {
  std::uint32_t interface_index = 0;
  std::string interface_name;
  IpAddress source;                             // what the kernel would choose, or the hint
  std::optional<IpAddress> gateway = {};        // absent when the destination is on the link
  std::uint32_t mtu = 0;                        // the route's, or the interface's
  std::optional<MacAddress> link_address = {};  // of the interface, when its frames are Ethernet's
  bool local = false;                           // the destination is this host itself
};

// Errors: the kernel's (ENETUNREACH, EHOSTUNREACH, EACCES for a prohibit route), attempt "route to ADDRESS".
[[nodiscard]] Result<Route> find_route(const IpAddress& destination, const RouteHints& hints = {});

// Every destination prefix that a route or a rule of this host names, in no order: within a range of addresses that
// none of them divides, all are routed alike. Errors: the kernel's, and more than `most` of them.
[[nodiscard]] Result<std::vector<Prefix>> list_route_prefixes(Family family, std::size_t most);

}  // namespace tcp::net
