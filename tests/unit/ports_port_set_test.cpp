// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/ports/port_set.hpp"
#include "libtcp/ports/registry.hpp"

using namespace tcp;
using namespace tcp::ports;

using Ports = std::vector<std::uint16_t>;

namespace {

Result<PortSet> parse(std::string_view text) {
  return parse_port_set(text, [](std::string_view name) { return find_service_ports(name, Protocol::tcp); });
}

std::string parsed(std::string_view text) {
  const auto set = parse(text);
  return set ? to_string(*set) : set.error().message();
}

}  // namespace

TEST_CASE("a list of ports, ranges and names becomes sorted intervals") {
  CHECK(parsed("22,80,8000-8100") == "22,80,8000-8100");
  CHECK(parsed("443,imap,https,22") == "22,143,443");
  CHECK(parsed("-1024,60000-") == "1-1024,60000-65535");
  CHECK(parsed("-") == "1-65535");
  CHECK(parsed("all") == "1-65535");
  CHECK(parsed("0-65535") == "0-65535");
  CHECK(parsed("0") == "0");
  CHECK(parsed("65535,65534,65533") == "65533-65535");
  CHECK(parsed("10-20,15-30,31,33") == "10-31,33");
  CHECK(parsed("http-alt") == "591,8008,8080");
  CHECK(parsed("HTTP") == "80");
  CHECK(parsed("x11") == "6000-6063");
}

TEST_CASE("a bad word is named, with what would be right") {
  CHECK(parsed("") == "port '': a port, a range or a service name is missing");
  CHECK(parsed("80,,90") == "port '': a port, a range or a service name is missing");
  CHECK(parsed("80,") == "port '': a port, a range or a service name is missing");
  CHECK(parsed("70000") == "port '70000': a port is a number from 0 to 65535");
  CHECK(parsed("1-65536") == "port '1-65536': a port is a number from 0 to 65535");
  CHECK(parsed("8100-8000") == "port '8100-8000': the range is reversed; did you mean 8000-8100?");
  CHECK(parsed("1-2-3") == "port '1-2-3': a range has two ends, as in 8000-8100");
  CHECK(parsed("80:90") == "port '80:90': must be a port, a range like 8000-8100, or a service name");
  CHECK(parsed("\x1b[2J").starts_with("port '"));
  CHECK(parsed(std::string(1000, '9')).size() < 200);
  CHECK(parsed("htpps") == "service 'htpps': unknown; did you mean 'https'?");
  CHECK(parsed("syslog") == "service 'syslog': has no tcp port");
  CHECK(parse("nonsuch").error().is(Errc::invalid_input));
  CHECK(parse("99999").error().is(Errc::invalid_input));
}

TEST_CASE("intervals that touch become one, at the ends of the number space as well") {
  PortSet set;
  for (const std::uint16_t port : Ports{65535, 0, 3, 1, 65534, 2}) set.insert({port, port});
  CHECK(to_string(set) == "0-3,65534-65535");
  CHECK(set.count() == 6);
  set.insert({0, 65535});
  CHECK(set.count() == 65536);
  CHECK(set.ranges().size() == 1);
}

TEST_CASE("a set is walked, indexed and asked") {
  PortSet set;
  CHECK(set.empty());
  CHECK(set.begin() == set.end());
  set.insert({100, 102});
  set.insert({7, 7});
  set.insert({65534, 65535});
  const std::vector<std::uint16_t> expected{7, 100, 101, 102, 65534, 65535};
  CHECK(std::vector<std::uint16_t>(set.begin(), set.end()) == expected);
  for (std::uint32_t i = 0; i < set.count(); ++i) CHECK(set[i] == expected[i]);
  for (const std::uint16_t port : expected) CHECK(set.contains(port));
  for (const std::uint16_t port : Ports{0, 6, 8, 99, 103, 65533}) CHECK_FALSE(set.contains(port));
  CHECK(to_string(set.intersection({50, 101})) == "100-101");
  CHECK(set.intersection({8, 99}).empty());
}

TEST_CASE("intervals agree with a plain bitmap") {
  std::uint32_t state = 1;
  const auto next = [&] { return state = state * 1664525 + 1013904223; };
  std::vector<bool> bitmap(65536);
  PortSet set;
  for (int i = 0; i < 300; ++i) {
    const auto first = static_cast<std::uint16_t>(next() >> 16);
    const auto last = static_cast<std::uint16_t>(std::min<std::uint32_t>(65535, first + (next() >> 24)));
    set.insert({first, last});
    std::fill(bitmap.begin() + first, bitmap.begin() + last + 1, true);
  }
  std::uint32_t index = 0;
  for (std::uint32_t port = 0; port < 65536; ++port) {
    REQUIRE(set.contains(static_cast<std::uint16_t>(port)) == bitmap[port]);
    if (bitmap[port]) REQUIRE(set[index++] == port);
  }
  CHECK(set.count() == index);
}
