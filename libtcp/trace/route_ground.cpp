// SPDX-License-Identifier: MIT
#include "libtcp/trace/route_ground.hpp"

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

}  // namespace

std::uint16_t mss_of_route(const Endpoint& remote, std::uint32_t mtu) noexcept {
  const bool v4 = remote.address.is_v4();
  const std::uint32_t headers = v4 ? kTcpIpHeaders4 : kTcpIpHeaders6;
  const std::uint32_t fits = mtu > headers ? mtu - headers : 0;
  return static_cast<std::uint16_t>(std::clamp(fits, v4 ? kLeastMss4 : kLeastMss6, kLargestMss));
}

Result<net::Route> find_route_with_zone(const IpAddress& remote) {
  TCP_TRY_ASSIGN(route, net::find_route(remote));
  if (route.source.is_v6() && route.source.is_link_local()) {
    route.source = route.source.with_scope(route.interface_index);
  }
  return route;
}

Result<net::PortGuard> guard_ports(const IpAddress& source, const Endpoint& remote, std::uint16_t count) {
  std::vector<net::PortGuard> refused;  // held until the end, so that they are not drawn again
  for (int attempt = 0; attempt < kGuardAttempts; ++attempt) {
    auto guard = count == 1 ? net::PortGuard::hold({source, 0}) : net::PortGuard::hold_range(source, count);
    if (!guard) return guard;
    if (remote.port < guard->first_port() || remote.port > guard->last_port()) return guard;
    refused.push_back(std::move(*guard));
  }
  return make_error(Errc::not_found, "guard a port of " + to_string(source), "none is free");
}

}  // namespace tcp::trace
