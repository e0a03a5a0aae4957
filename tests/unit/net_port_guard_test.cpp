// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <set>

#include "libtcp/net/host.hpp"
#include "libtcp/net/port_guard.hpp"

using namespace tcp;
using namespace tcp::net;

namespace {

const IpAddress kLoopback4 = IpAddress::loopback(Family::v4);

// What connect() came to within a moment: 0, ECONNREFUSED, or EINPROGRESS when nothing was answered.
int connect_to(const Endpoint& endpoint) {
  const UniqueFd fd(::socket(to_address_family(endpoint.address.family()), SOCK_STREAM | SOCK_NONBLOCK, 0));
  const SocketAddress address = to_socket_address(endpoint);
  if (::connect(fd.get(), address.get(), address.length) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wanted{.fd = fd.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&wanted, 1, 100) == 0) return EINPROGRESS;
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  return error;
}

}  // namespace

TEST_CASE("a held port is taken, silent, and free again afterwards") {
  std::uint16_t port = 0;
  {
    const PortGuard guard = PortGuard::hold({kLoopback4, 0}).value();
    port = guard.first_port();
    REQUIRE(port != 0);
    CHECK(guard.count() == 1);
    CHECK(guard.last_port() == port);
    const auto second = PortGuard::hold({kLoopback4, port});
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().is(std::errc::address_in_use));
    CHECK(second.error().message() == "guard 127.0.0.1:" + std::to_string(port) + ": Address already in use");
    CHECK(connect_to({kLoopback4, port}) == EINPROGRESS);
  }
  CHECK(connect_to({kLoopback4, port}) == ECONNREFUSED);
}

TEST_CASE("an IPv6 any-address guards both families") {
  const auto guard = PortGuard::hold({IpAddress::any(Family::v6), 0});
  if (!guard && guard.error().is(std::errc::address_family_not_supported)) return;  // a host without IPv6
  REQUIRE(guard.has_value());
  CHECK(connect_to({kLoopback4, guard->first_port()}) == EINPROGRESS);
  CHECK(connect_to({IpAddress::loopback(Family::v6), guard->first_port()}) != ECONNREFUSED);
  CHECK_FALSE(PortGuard::hold({IpAddress::any(Family::v4), guard->first_port()}).has_value());
}

TEST_CASE("a run of ports is consecutive, ephemeral and wholly held") {
  const HostPorts host = read_host_ports();
  const PortGuard guard = PortGuard::hold_range(kLoopback4, 16).value();
  CHECK(guard.count() == 16);
  CHECK(guard.last_port() - guard.first_port() == 15);
  CHECK(host.ephemeral.contains(guard.first_port()));
  CHECK(host.ephemeral.contains(guard.last_port()));
  for (std::uint32_t port = guard.first_port(); port <= guard.last_port(); ++port) {
    CHECK_FALSE(PortGuard::hold({kLoopback4, static_cast<std::uint16_t>(port)}).has_value());
  }
}

TEST_CASE("runs do not overlap") {
  std::vector<PortGuard> guards;
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 8; ++i) {
    guards.push_back(PortGuard::hold_range(kLoopback4, 8).value());
    for (std::uint16_t j = 0; j < 8; ++j) ports.insert(static_cast<std::uint16_t>(guards.back().first_port() + j));
  }
  CHECK(ports.size() == 64);
}

TEST_CASE("a run that cannot be is a usage error") {
  for (const int count : {0, 65535}) {
    const auto guard = PortGuard::hold_range(kLoopback4, static_cast<std::uint16_t>(count));
    REQUIRE_FALSE(guard.has_value());
    CHECK(guard.error().is(Errc::invalid_input));
  }
}

TEST_CASE("an address of somebody else cannot be guarded") {
  const auto guard = PortGuard::hold({parse_ip_address("198.51.100.77").value(), 0});
  REQUIRE_FALSE(guard.has_value());
  CHECK(guard.error().is(std::errc::address_not_available));
  CHECK_FALSE(PortGuard::hold_range(parse_ip_address("198.51.100.77").value(), 4).has_value());
}
