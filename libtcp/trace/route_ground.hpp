// SPDX-License-Identifier: MIT
// What crafted segments to one target need of this host besides sockets: the way out, and ports of our own.
#pragma once

#include <cstdint>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/net/port_guard.hpp"
#include "libtcp/net/route.hpp"

namespace tcp::trace {

// What the MTU of a route allows, within what the family guarantees (RFC 9293 §3.7.1).
[[nodiscard]] std::uint16_t mss_of_route(const Endpoint& remote, std::uint32_t mtu) noexcept;

// The route to the target; a link-local source has its zone. Errors: no route.
[[nodiscard]] Result<net::Route> find_route_with_zone(const IpAddress& remote);

// `count` consecutive ports, at which the kernel is deaf. When the target is on this host its port is not among them,
// or we would talk to ourselves.
[[nodiscard]] Result<net::PortGuard> guard_ports(const IpAddress& source, const Endpoint& remote, std::uint16_t count);

}  // namespace tcp::trace
