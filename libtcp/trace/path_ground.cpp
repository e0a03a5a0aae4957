// SPDX-License-Identifier: MIT
#include "libtcp/trace/path_ground.hpp"

#include <algorithm>
#include <vector>

namespace tcp::trace {
namespace {

constexpr std::uint32_t kTcpIpHeaders4 = 40;
constexpr std::uint32_t kTcpIpHeaders6 = 60;
constexpr std::uint32_t kLeastMss4 = 536;  // RFC 9293 §3.7.1
constexpr std::uint32_t kLeastMss6 = 1220;
constexpr std::uint32_t kLargestMss = 65495;  // what fits a 16-bit IP length
constexpr int kGuardAttempts = 8;

// When the target is on this host its port must not be among ours, or we would talk to ourselves.
Result<net::PortGuard> guard_ports(const IpAddress& source, const Endpoint& remote, std::uint16_t count) {
  for (int attempt = 0; attempt < kGuardAttempts; ++attempt) {
    TCP_TRY_ASSIGN(guard, net::PortGuard::hold_range(source, count));
    if (remote.port < guard.first_port() || guard.last_port() < remote.port) return std::move(guard);
  }
  return make_error(Errc::not_found, "guard ports of " + to_string(source), "none are free");
}

}  // namespace

std::uint16_t PathGround::mss() const {
  const bool v4 = remote.address.is_v4();
  const std::uint32_t headers = v4 ? kTcpIpHeaders4 : kTcpIpHeaders6;
  const std::uint32_t fits = route.mtu > headers ? route.mtu - headers : 0;
  return static_cast<std::uint16_t>(std::clamp(fits, v4 ? kLeastMss4 : kLeastMss6, kLargestMss));
}

Result<PathGround> open_path_ground(const Endpoint& remote, std::uint16_t ports) {
  TCP_TRY_ASSIGN(route, net::find_route(remote.address));
  if (route.source.is_v6() && route.source.is_link_local()) {
    route.source = route.source.with_scope(route.interface_index);
  }
  TCP_TRY_ASSIGN(guard, guard_ports(route.source, remote, ports));
  TCP_TRY_ASSIGN(network, PathRawNetwork::open({remote, guard.first_port(), guard.last_port()}));
  return PathGround{remote, route, std::move(guard), std::move(network)};
}

}  // namespace tcp::trace
