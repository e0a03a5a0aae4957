// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <vector>

#include "libtcp/net/capture.hpp"

using namespace tcp;
using namespace tcp::net;
using namespace std::chrono_literals;

TEST_CASE("a filter passes what it should and its errors name it") {
  std::vector<std::uint8_t> packet(40);
  packet[0] = 0x45;
  packet[9] = 17;
  const PacketFilter filter = PacketFilter::compile("tcp", 101).value();
  CHECK_FALSE(filter.passes(packet, 40));
  packet[9] = 6;
  CHECK(filter.passes(packet, 40));
  const auto wrong = PacketFilter::compile("tcp prot 80", 1);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().is(Errc::invalid_input));
  CHECK(wrong.error().message().starts_with("filter 'tcp prot 80': "));
  CHECK_FALSE(PacketFilter::compile("tcp and and", 1).has_value());
}

TEST_CASE("live capture refuses what is no interface") {
  for (const char* name :
       {"", "no-such-if", "usbmon0", "bluetooth0", "dbus-system", "a-name-longer-than-any-interface"}) {
    const auto capture = Capture::open_live({.interface = name});
    REQUIRE_FALSE(capture.has_value());
    CHECK(capture.error().is(Errc::not_found));
  }
}

TEST_CASE("live capture waits no longer than it is told") {
  auto capture = Capture::open_live({.interface = "lo", .filter = "tcp dst port 1 and tcp src port 1"});
  if (!capture) {
    CHECK(capture.error().is(Errc::not_permitted));
    CHECK_FALSE(capture.error().hint.empty());
    return;
  }
  const MonotonicTime deadline = SystemClock().now() + 20ms;
  CHECK_FALSE(capture->next(deadline).value().has_value());
  CHECK(SystemClock().now() >= deadline);
  CHECK_FALSE(capture->next(MonotonicTime::min()).value().has_value());
  const auto wrong = Capture::open_live({.interface = "lo", .filter = "tcp prot"});
  CHECK(wrong.error().is(Errc::invalid_input));
}
