// SPDX-License-Identifier: MIT
#include "libtcp/trace/path_ground.hpp"

#include "libtcp/trace/route_ground.hpp"

namespace tcp::trace {

std::uint16_t PathGround::mss() const { return mss_of_route(remote, route.mtu); }

Result<PathGround> open_path_ground(const Endpoint& remote, std::uint16_t ports) {
  TCP_TRY_ASSIGN(route, find_route_with_zone(remote.address));
  TCP_TRY_ASSIGN(guard, guard_ports(route.source, remote, ports));
  TCP_TRY_ASSIGN(network, PathRawNetwork::open({remote, guard.first_port(), guard.last_port()}));
  return PathGround{remote, route, std::move(guard), std::move(network)};
}

}  // namespace tcp::trace
