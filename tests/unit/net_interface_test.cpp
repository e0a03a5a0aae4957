// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "libtcp/net/interface.hpp"
#include "libtcp/net/neighbour.hpp"
#include "libtcp/net/route.hpp"

using namespace tcp;
using namespace tcp::net;
using namespace std::chrono_literals;

TEST_CASE("every host has a loopback interface") {
  const Interface loopback = find_interface("lo").value();
  CHECK(loopback.loopback);
  CHECK(loopback.index > 0);
  CHECK_FALSE(loopback.mac_address);
  const auto all = list_interfaces().value();
  CHECK(std::ranges::count(all, loopback.name, &Interface::name) == 1);
}

TEST_CASE("an interface that is not there is named") {
  const auto missing = find_interface("no-such-if");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().is(Errc::not_found));
  CHECK(missing.error().message() == "interface 'no-such-if': there is none of that name");
  CHECK_FALSE(find_interface("").has_value());
  CHECK_FALSE(find_interface(std::string(300, 'x')).has_value());
}

TEST_CASE("loopback is routed to loopback") {
  if (!find_interface("lo").value().up) return;  // a fresh network namespace
  const Route route = find_route(IpAddress::loopback(Family::v4)).value();
  CHECK(route.interface_name == "lo");
  CHECK(route.source == IpAddress::loopback(Family::v4));
  CHECK(route.local);
  CHECK_FALSE(route.gateway);
  CHECK(route.mtu == find_interface("lo").value().mtu);
}

TEST_CASE("a source of the other family is a usage error") {
  const auto route = find_route(IpAddress::loopback(Family::v4), {.source = IpAddress::loopback(Family::v6)});
  REQUIRE_FALSE(route.has_value());
  CHECK(route.error().message() == "source ::1: must be of the same family as destination 127.0.0.1");
}

TEST_CASE("a neighbour on no interface is an error that names it") {
  const auto neighbour = resolve_neighbour(0x7ffffffe, parse_ip_address("192.0.2.1").value(), 50ms);
  REQUIRE_FALSE(neighbour.has_value());
  CHECK(neighbour.error().is(std::errc::no_such_device));
  CHECK(neighbour.error().message().starts_with("neighbour 192.0.2.1: No such device"));
}
