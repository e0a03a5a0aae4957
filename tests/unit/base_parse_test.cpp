// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <array>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/base/mac_address.hpp"
#include "libtcp/base/parse.hpp"
#include "libtcp/base/tcp_state.hpp"

using namespace tcp;
using namespace std::chrono_literals;

TEST_CASE("a number is taken whole or not at all") {
  CHECK(parse_unsigned<std::uint16_t>("65535") == 65535);
  for (const char* bad : {"", "65536", "-1", "+1", " 1", "1 ", "0x1", "1a"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_unsigned<std::uint16_t>(bad));
  }
}

TEST_CASE("durations") {
  CHECK(parse_duration("2").value() == 2s);
  CHECK(parse_duration("250ms").value() == 250ms);
  CHECK(parse_duration("1.5s").value() == 1500ms);
  CHECK(parse_duration("0").value() == 0s);
  CHECK(parse_duration("40us").value() == 40us);
  CHECK(parse_duration("1h").value() == 1h);
  for (const char* bad : {"", "s", "-1", "1x", "1e3", "inf", "nan", "99999999999h", "1 s"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad));
  }
  CHECK(parse_duration("soon").error().message() == "duration 'soon': must look like 250ms, 1.5s, 2m or 1h");
}

TEST_CASE("byte counts") {
  CHECK(parse_byte_count("4096").value() == 4096);
  CHECK(parse_byte_count("64k").value() == 65536);
  CHECK(parse_byte_count("10MB").value() == 10'000'000);
  CHECK(parse_byte_count("1GiB").value() == 1073741824);
  CHECK_FALSE(parse_byte_count("99999999999TiB"));
  CHECK_FALSE(parse_byte_count("ten"));
}

TEST_CASE("byte rates") {
  CHECK(parse_byte_rate("10MB").value() == 10'000'000);
  CHECK(parse_byte_rate("10MB/s").value() == 10'000'000);
  CHECK(parse_byte_rate("80Mbit/s").value() == 10'000'000);
  CHECK(parse_byte_rate("64k").value() == 65536);
  CHECK(parse_byte_rate("1gbit").value() == 125'000'000);
  CHECK(parse_byte_rate("7").value() == 7);
  for (const char* word : {"", "fast", "/s", "10MB/h", "10MB/s/s", "-1", "1e30", "1 MB"})
    CHECK_FALSE(parse_byte_rate(word));
}

TEST_CASE("times and sizes for people") {
  CHECK(format_duration(450us) == "450 µs");
  CHECK(format_duration(10'012us) == "10.0 ms");
  CHECK(format_duration(2s) == "2.00 s");
  CHECK(format_duration(0ns) == "0 ns");
  CHECK(format_byte_count(512) == "512 B");
  CHECK(format_byte_count(1258291) == "1.2 MiB");
  CHECK(to_rfc3339(WallTime(1'769'828'400'000'001'000ns)) == "2026-01-31T03:00:00.000001Z");
  CHECK(to_rfc3339(WallTime(-1ns)) == "1969-12-31T23:59:59.999999Z");
  CHECK(to_rfc3339(WallTime(951'868'799'999'999'999ns)) == "2000-02-29T23:59:59.999999Z");
}

TEST_CASE("addresses are written as RFC 5952 wants and read back") {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "::", "::1", "2001:db8::1", "::ffff:192.0.2.1"}) {
    CHECK(to_string(parse_ip_address(text).value()) == text);
  }
  CHECK(to_string(parse_ip_address("2001:DB8:0:0:0:0:0:1").value()) == "2001:db8::1");
  for (const char* bad :
       {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4%lo", ":::", "fe80::1%no-such-if", "1.2.3.4\n"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_ip_address(bad));
  }
  CHECK_FALSE(parse_ip_address(std::string_view("1.2.3.4\0", 8)));
}

TEST_CASE("addresses are written as the C library writes them") {
  std::uint64_t state = 1;
  for (int i = 0; i < 20'000; ++i) {
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t word = 0; word < 8; ++word) {
      state = state * 6364136223846793005 + 1442695040888963407;
      const auto random = static_cast<std::uint32_t>(state >> 32);
      const unsigned value = random % 3 != 0 ? 0 : random % 4 == 0 ? 0xffff : random >> (16 + random / 12 % 16);
      bytes[2 * word] = static_cast<std::uint8_t>(value >> 8);
      bytes[2 * word + 1] = static_cast<std::uint8_t>(value);
    }
    std::array<char, INET6_ADDRSTRLEN> theirs{};
    REQUIRE(::inet_ntop(AF_INET6, bytes.data(), theirs.data(), theirs.size()) != nullptr);
    REQUIRE(to_string(IpAddress::v6(bytes)) == theirs.data());
    REQUIRE(::inet_ntop(AF_INET, bytes.data(), theirs.data(), theirs.size()) != nullptr);
    REQUIRE(to_string(IpAddress::v4(static_cast<std::uint32_t>(bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 |
                                                               bytes[3]))) == theirs.data());
  }
}

TEST_CASE("a zone is an interface name or an index") {
  CHECK(parse_ip_address("fe80::1%lo").value().scope_id() == 1);
  CHECK(parse_ip_address("fe80::1%1").value() == parse_ip_address("fe80::1%lo").value());
  CHECK(to_string(parse_ip_address("fe80::1%lo").value()) == "fe80::1%lo");
}

TEST_CASE("kinds of addresses") {
  const auto ip = [](const char* text) { return parse_ip_address(text).value(); };
  CHECK(ip("127.1.2.3").is_loopback());
  CHECK(ip("::1").is_loopback());
  CHECK(ip("172.31.255.255").is_private());
  CHECK_FALSE(ip("172.32.0.0").is_private());
  CHECK(ip("fd00::1").is_private());
  CHECK_FALSE(ip("2001:db8::1").is_private());
  CHECK(ip("fe80::1").is_link_local());
  CHECK(ip("ff02::1").is_multicast());
  CHECK(ip("::ffff:10.0.0.1").unmapped() == ip("10.0.0.1"));
}

TEST_CASE("prefixes") {
  CHECK(to_string(parse_prefix("10.1.2.3/8").value()) == "10.0.0.0/8");
  CHECK(to_string(parse_prefix("2001:db8::ff/127").value()) == "2001:db8::fe/127");
  CHECK(parse_prefix("10.0.0.0/8").value().contains(parse_ip_address("10.255.0.1").value()));
  CHECK_FALSE(parse_prefix("10.0.0.0/8").value().contains(parse_ip_address("11.0.0.0").value()));
  CHECK_FALSE(parse_prefix("0.0.0.0/0").value().contains(parse_ip_address("::").value()));
  CHECK(parse_prefix("192.0.2.1").value().length == 32);
  CHECK_FALSE(parse_prefix("10.0.0.0/33"));
  CHECK_FALSE(parse_prefix("10.0.0.0/"));
}

TEST_CASE("a host and what follows it") {
  const auto split = [](const char* text) {
    const HostPort parts = parse_host_port(text).value();
    return parts.host + "|" + parts.service;
  };
  CHECK(split("example.org:443") == "example.org|443");
  CHECK(split("example.org") == "example.org|");
  CHECK(split("[::1]:22") == "::1|22");
  CHECK(split("[fe80::1%lo]:ssh") == "fe80::1%lo|ssh");
  CHECK(split("[::1]") == "::1|");
  CHECK(split("2001:db8::1") == "2001:db8::1|");
  for (const char* bad : {"", ":80", "host:", "[::1", "[::1]80", "[]:80", "[::1]:"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_host_port(bad));
  }
}

TEST_CASE("endpoints survive the kernel's form") {
  for (const char* text : {"192.0.2.1", "2001:db8::1", "fe80::1%lo"}) {
    const Endpoint endpoint{parse_ip_address(text).value(), 443};
    const SocketAddress address = to_socket_address(endpoint);
    CHECK(from_socket_address(address.get(), address.length).value() == endpoint);
  }
  CHECK(to_string(Endpoint{parse_ip_address("::1").value(), 22}) == "[::1]:22");
}

TEST_CASE("link-layer addresses") {
  CHECK(to_string(parse_mac_address("02:00:5e:10:00:Ff").value()) == "02:00:5e:10:00:ff");
  for (const char* bad : {"", "02:00:5e:10:00", "02-00-5e-10-00-01", "02:00:5e:10:00:0g", "02:00:5e:10:00:011"}) {
    CHECK_FALSE(parse_mac_address(bad));
  }
}

TEST_CASE("state names are RFC 9293's; ss's are understood") {
  CHECK(to_string(TcpState::fin_wait_1) == "FIN-WAIT-1");
  CHECK(parse_tcp_state("syn_recv") == TcpState::syn_received);
  CHECK(parse_tcp_state("Estab") == TcpState::established);
  CHECK_FALSE(parse_tcp_state("open"));
}
