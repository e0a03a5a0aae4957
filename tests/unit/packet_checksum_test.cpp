// SPDX-License-Identifier: MIT
// The expected sums were added up by hand (or by a page of arithmetic that shares no code with the library).
#include <doctest/doctest.h>

#include <array>

#include "libtcp/packet/checksum.hpp"
#include "libtcp/packet/icmp.hpp"
#include "libtcp/packet/ipv4.hpp"
#include "libtcp/packet/tcp_header.hpp"

using namespace tcp;
using namespace tcp::packet;

namespace {

using Octets = std::vector<std::uint8_t>;

IpAddress ip(const char* text) { return parse_ip_address(text).value(); }

// RFC 1071 §1 word by word, as slow as it reads.
std::uint16_t plain_checksum(const Octets& bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? static_cast<std::uint32_t>(bytes[i] << 8) : bytes[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(~sum);
}

// 40000 > 443: S 0:0(0) win 64240 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>, checksum still to be set
Octets syn(std::uint16_t checksum) {
  Octets bytes{0x9c, 0x40, 0x01, 0xbb, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x02,
               0xfa, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a,
               0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x07};
  bytes[16] = static_cast<std::uint8_t>(checksum >> 8);
  bytes[17] = static_cast<std::uint8_t>(checksum);
  return bytes;
}

}  // namespace

TEST_CASE("the example of RFC 1071 section 3") {
  // 0001 + f203 + f4f5 + f6f7 = 2ddf0, folded ddf2, complement 220d
  CHECK(internet_checksum(Octets{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}) == 0x220d);
}

TEST_CASE("both carries fold") {
  // ffff + ffff + 0001 = 1ffff; one fold gives 10000, the second 0001
  CHECK(internet_checksum(Octets{0xff, 0xff, 0xff, 0xff, 0x00, 0x01}) == 0xfffe);
  CHECK(internet_checksum(Octets(65535, 0xff)) == plain_checksum(Octets(65535, 0xff)));
  Checksum checksum;
  for (int i = 0; i < 70000; ++i) checksum.add_u32(0xffffffff);
  CHECK(checksum.finish() == 0);
}

TEST_CASE("nothing sums to all ones and an odd byte counts as the high half") {
  CHECK(internet_checksum({}) == 0xffff);
  CHECK(internet_checksum(Octets{0x12}) == static_cast<std::uint16_t>(~0x1200));
  CHECK(internet_checksum(Octets{0, 0, 0}) == 0xffff);
}

TEST_CASE("every length and alignment agrees with the plain sum") {
  Octets bytes(70);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(0xf1 * (i + 3));
  for (std::size_t from = 0; from < 9; ++from) {
    for (std::size_t length = 0; from + length <= bytes.size(); ++length) {
      const Octets part(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                        bytes.begin() + static_cast<std::ptrdiff_t>(from + length));
      REQUIRE(internet_checksum(Bytes(bytes).subspan(from, length)) == plain_checksum(part));
    }
  }
}

TEST_CASE("pieces add up to the whole") {
  Octets bytes(40);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(200 + i);
  Checksum checksum;
  checksum.add(Bytes(bytes).first(2));
  checksum.add_u16(0xcacb);
  checksum.add_u32(0xcccdcecf);
  checksum.add(Bytes(bytes).subspan(8));
  CHECK(checksum.finish() == plain_checksum(bytes));
}

TEST_CASE("an IPv4 header") {
  // 192.168.0.1 > 192.168.0.199, UDP: 4500+0073+0000+4000+4011+c0a8+0001+c0a8+00c7 = 2479c, folded 479e
  Octets header{0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7};
  CHECK(ipv4_header_checksum(header) == 0xb861);
  header[10] = 0xb8;
  header[11] = 0x61;
  CHECK(ipv4_header_checksum(header) == 0);
}

TEST_CASE("a SYN under both pseudo-headers") {
  CHECK(tcp_checksum(ip("192.0.2.1"), ip("198.51.100.2"), syn(0)) == 0xc2db);
  CHECK(tcp_checksum(ip("192.0.2.1"), ip("198.51.100.2"), syn(0xc2db)) == 0);
  CHECK(tcp_checksum(ip("2001:db8::1"), ip("2001:db8::2"), syn(0)) == 0x539e);
  CHECK(tcp_checksum(ip("2001:db8::1"), ip("2001:db8::2"), syn(0x539e)) == 0);
  CHECK(tcp_checksum(ip("192.0.2.1"), ip("198.51.100.3"), syn(0xc2db)) != 0);
}

TEST_CASE("a segment of odd length") {
  // 443 > 40000: P. 1:8(7) ack 1 win 502, "abcdefg"
  const Octets segment{0x01, 0xbb, 0x9c, 0x40, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x50, 0x18,
                       0x01, 0xf6, 0x92, 0x6d, 0x00, 0x00, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67};
  CHECK(tcp_checksum(ip("198.51.100.2"), ip("192.0.2.1"), segment) == 0);
}

TEST_CASE("echo requests") {
  Octets echo{8, 0, 0, 0, 0x12, 0x34, 0, 1, 'p', 'i', 'n', 'g'};
  CHECK(icmp_checksum(echo) == 0x06fa);
  echo[0] = 128;
  CHECK(icmpv6_checksum(ip("2001:db8::1"), ip("2001:db8::2"), echo) == 0x333e);
}
