// SPDX-License-Identifier: MIT
// What crafted probes of one path need of this host: the way out, and ports of our own at which the kernel is deaf.
#pragma once

#include <cstdint>

#include "libtcp/net/port_guard.hpp"
#include "libtcp/net/route.hpp"
#include "libtcp/trace/path_raw_network.hpp"

namespace tcp::trace {

struct PathGround {
  Endpoint remote;
  net::Route route;
  net::PortGuard guard;
  PathRawNetwork network;

  [[nodiscard]] std::uint16_t mss() const;  // what the route's MTU allows
};

// `ports` consecutive ones. Errors: no route, not_permitted; the kernel's.
[[nodiscard]] Result<PathGround> open_path_ground(const Endpoint& remote, std::uint16_t ports);

}  // namespace tcp::trace
