// SPDX-License-Identifier: MIT
// The PROXY protocol's header: what is believed, what is not, and where it ends.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "libtcp/stream/crc32c.hpp"
#include "libtcp/stream/proxy_protocol.hpp"

using namespace tcp;
using namespace tcp::stream;
using namespace std::string_literals;

namespace {

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string u16(std::size_t value) {
  return {static_cast<char>(value >> 8U & 0xffU), static_cast<char>(value & 0xffU)};
}

std::string binary(unsigned command, unsigned family, const std::string& body) {
  return kSignature + static_cast<char>(command) + static_cast<char>(family) + u16(body.size()) + body;
}

std::string tlv(unsigned type, const std::string& value) { return static_cast<char>(type) + u16(value.size()) + value; }

const std::string kV4Block = "\xc0\x00\x02\x01\xc0\x00\x02\x02\xdc\x04\x01\xbb"s;

// With a checksum that is right, unless `spoil` is given.
std::string checked(unsigned command, unsigned family, const std::string& addresses, unsigned spoil = 0) {
  const std::string blank = binary(command, family, addresses + tlv(3, std::string(4, '\0')) + tlv(2, "example.org"));
  Crc32c crc;
  crc.add(bytes_of(blank));
  const std::uint32_t value = crc.value() ^ spoil;
  return binary(command, family, addresses + tlv(3, u16(value >> 16U) + u16(value & 0xffffU)) + tlv(2, "example.org"));
}

std::string why_not(std::string_view text) {
  const auto parsed = parse_proxy_header(bytes_of(text));
  REQUIRE(!parsed);
  CHECK(parsed.error().is(Errc::malformed));
  CHECK(parsed.error().attempt == "PROXY protocol header");
  return parsed.error().detail;
}

bool is_incomplete(std::string_view text) {
  const auto parsed = parse_proxy_header(bytes_of(text));
  return parsed && !*parsed;
}

// "remote > local" or "unknown", after checks of what holds for each header: byte by byte it is incomplete up to its
// last byte, and what follows is not looked at.
std::string read_whole(const std::string& header) {
  for (std::size_t size = 0; size < header.size(); ++size) {
    CAPTURE(size);
    CHECK(is_incomplete(header.substr(0, size)));
  }
  for (const std::string& payload : {""s, "\r\n"s, "PROXY TCP4 "s, std::string(200, '\xff')}) {
    const std::string both = header + payload;
    const auto parsed = parse_proxy_header(bytes_of(both));
    REQUIRE(parsed);
    REQUIRE(*parsed);
    CHECK((*parsed)->size == header.size());
    CHECK((*parsed)->version == (header.starts_with('P') ? ProxyVersion::v1 : ProxyVersion::v2));
  }
  const auto parsed = parse_proxy_header(bytes_of(header));
  const auto& addresses = (*parsed)->addresses;
  return addresses ? to_string(addresses->remote) + " > " + to_string(addresses->local) : "unknown";
}

Endpoint endpoint(std::string_view address, std::uint16_t port) { return {*parse_ip_address(address), port}; }

}  // namespace

TEST_CASE("CRC32c of the check value and of RFC 7143's zeros") {
  Crc32c check;
  check.add(bytes_of("1234"));
  check.add(bytes_of("56789"));
  CHECK(check.value() == 0xe3069283);
  Crc32c zeros;
  zeros.add(bytes_of(std::string(32, '\0')));
  CHECK(zeros.value() == 0x8a9136aa);
}

TEST_CASE("version 1: a line, byte by byte") {
  CHECK(read_whole("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n") == "192.0.2.1:56324 > 192.0.2.2:443");
  CHECK(read_whole("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n") ==
        "255.255.255.255:65535 > 255.255.255.255:65535");
  CHECK(read_whole("PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n") == "0.0.0.0:0 > 0.0.0.0:0");
  CHECK(read_whole("PROXY TCP6 2001:db8::1 2001:DB8::2 1 2\r\n") == "[2001:db8::1]:1 > [2001:db8::2]:2");
  CHECK(read_whole("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n") == "192.0.2.1:1 > 192.0.2.2:2");
  CHECK(read_whole("PROXY UNKNOWN\r\n") == "unknown");
  CHECK(read_whole("PROXY UNKNOWN anything at all 1 2 3\r\n") == "unknown");
}

TEST_CASE("version 1: the longest line has 107 bytes") {
  const std::string address = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  const std::string longest = "PROXY UNKNOWN " + address + " " + address + " 65535 65535\r\n";
  REQUIRE(longest.size() == kLongestProxyLine);
  CHECK(read_whole(longest) == "unknown");
  CHECK(read_whole("PROXY TCP6 " + address + " " + address + " 65535 65535\r\n") ==
        "[" + address + "]:65535 > [" + address + "]:65535");
  CHECK(why_not("PROXY UNKNOWN  " + address + " " + address + " 65535 65535\r\n") ==
        "the line does not end within 107 bytes");
  CHECK(why_not("PROXY UNKNOWN " + std::string(kLongestProxyLine - 14, 'x')) ==
        "the line does not end within 107 bytes");
  CHECK(is_incomplete("PROXY UNKNOWN " + std::string(kLongestProxyLine - 15, 'x')));
}

TEST_CASE("version 1: what is not exactly the format is refused") {
  for (const std::string line :
       {"TCP4 192.0.2.1 192.0.2.2 1", "TCP4 192.0.2.1 192.0.2.2 1 2 3", "TCP4 192.0.2.1 192.0.2.2 1 2 ",
        "TCP4 192.0.2.1 192.0.2.2  1 2", "TCP4 192.0.2.1 192.0.2.2 01 2", "TCP4 192.0.2.1 192.0.2.2 1 65536",
        "TCP4 192.0.2.1 192.0.2.2 -1 2", "TCP4 192.0.2.1 192.0.2.2 +1 2"}) {
    CAPTURE(line);
    CHECK(why_not("PROXY " + line + "\r\n") == "a port is wrong");
  }
  for (const std::string line :
       {"TCP4 192.0.2.256 192.0.2.2 1 2", "TCP4 2001:db8::1 2001:db8::2 1 2", "TCP6 192.0.2.1 192.0.2.2 1 2",
        "TCP6 fe80::1%lo fe80::2 1 2", "TCP6 [::1] ::2 1 2", "TCP4  192.0.2.1 192.0.2.2 1 2", "TCP4",
        "TCP4 example.org", "TCP4 192.0.2 192.0.2.2 1 2"}) {
    CAPTURE(line);
    CHECK(why_not("PROXY " + line + "\r\n") == "an address is wrong");
  }
  for (const std::string line :
       {"", " TCP4 192.0.2.1 192.0.2.2 1 2", "TCP", "UDP4 192.0.2.1 192.0.2.2 1 2", "unknown", "UNKNOWN2"}) {
    CAPTURE(line);
    CHECK(why_not("PROXY " + line + "\r\n") == "the protocol is none of TCP4, TCP6 and UNKNOWN");
  }
  CHECK(why_not("PROXY UNKNOWN\n") == "the line does not end with CR LF");
}

TEST_CASE("what is no header is refused at its first wrong byte") {
  for (const std::string text : {"G", "proxy ", "PROXY\t", "PROXYTCP4", "\n", "\r\n\r\n\r"}) {
    CAPTURE(text);
    CHECK(why_not(text) == "the connection does not begin with one");
  }
  CHECK(why_not("\r\n\r\n\0\r\nQUIT\r"s) == "the connection does not begin with one");
  CHECK(is_incomplete(""));
}

TEST_CASE("version 2: addresses of each family") {
  CHECK(read_whole(binary(0x21, 0x11, kV4Block)) == "192.0.2.1:56324 > 192.0.2.2:443");
  CHECK(read_whole(binary(0x21, 0x12, kV4Block)) == "192.0.2.1:56324 > 192.0.2.2:443");  // a datagram's client
  const std::string source = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01";
  const std::string mapped = std::string(10, '\0') + "\xff\xff\xc0\x00\x02\x09"s;
  CHECK(read_whole(binary(0x21, 0x21, source + source + u16(1) + u16(2))) == "[2001:db8::1]:1 > [2001:db8::1]:2");
  CHECK(read_whole(binary(0x21, 0x21, mapped + mapped + u16(1) + u16(2))) == "192.0.2.9:1 > 192.0.2.9:2");
  const std::string path = "/run/a.sock" + std::string(97, '\0');
  const std::string abstract = "\0name"s + std::string(103, '\0');
  const std::string full(108, 'x');
  CHECK(read_whole(binary(0x21, 0x31, abstract + path)) == "unix:@name > unix:/run/a.sock");
  CHECK(read_whole(binary(0x21, 0x31, std::string(108, '\0') + full)) == "unix: > unix:" + full);
}

TEST_CASE("version 2: of LOCAL and AF_UNSPEC nothing is learnt") {
  CHECK(read_whole(binary(0x20, 0x00, "")) == "unknown");
  CHECK(read_whole(binary(0x20, 0x11, kV4Block)) == "unknown");
  CHECK(read_whole(binary(0x20, 0xff, "any bytes")) == "unknown");
  CHECK(read_whole(binary(0x21, 0x00, "")) == "unknown");
  CHECK(read_whole(binary(0x21, 0x00, tlv(0x20, "x"))) == "unknown");
}

TEST_CASE("version 2: TLVs are skipped, and a checksum must be right") {
  CHECK(read_whole(binary(0x21, 0x11, kV4Block + tlv(1, "h2") + tlv(4, "") + tlv(0xee, "x"))) ==
        "192.0.2.1:56324 > 192.0.2.2:443");
  CHECK(read_whole(checked(0x21, 0x11, kV4Block)) == "192.0.2.1:56324 > 192.0.2.2:443");
  CHECK(read_whole(checked(0x21, 0x00, "")) == "unknown");
  CHECK(read_whole(checked(0x20, 0x00, "")) == "unknown");
  for (const unsigned spoil : {1U, 0x100U, 0x10000U, 0x80000000U}) {
    CHECK(why_not(checked(0x21, 0x11, kV4Block, spoil)) == "the checksum (CRC32c) is wrong");
  }
  std::string changed = checked(0x21, 0x11, kV4Block);
  changed[16] ^= 1;  // the source address
  CHECK(why_not(changed) == "the checksum (CRC32c) is wrong");
  CHECK(why_not(binary(0x21, 0x11, kV4Block + tlv(3, "123"))) == "the checksum does not have 4 bytes");
  CHECK(why_not(binary(0x21, 0x11, kV4Block + "\x01")) == "a TLV is cut short");
  CHECK(why_not(binary(0x21, 0x11, kV4Block + "\x01\x00"s)) == "a TLV is cut short");
  CHECK(why_not(binary(0x21, 0x11, kV4Block + "\x01\x00\x02h"s)) == "a TLV is longer than the header");
}

TEST_CASE("version 2: as long as its length can say, and no longer") {
  const std::string most = kV4Block + tlv(0xee, std::string(0xffff - kV4Block.size() - 3, 'x'));
  const std::string header = binary(0x21, 0x11, most);
  REQUIRE(header.size() == kLongestProxyHeader);
  CHECK(is_incomplete(header.substr(0, header.size() - 1)));
  const auto parsed = parse_proxy_header(bytes_of(header));
  REQUIRE(parsed);
  CHECK((*parsed)->size == kLongestProxyHeader);
}

TEST_CASE("version 2: what is not the format is refused as soon as it is known") {
  CHECK(why_not(kSignature + "\x11") == "the version is not 2");
  CHECK(why_not(kSignature + "\x22") == "the command is neither LOCAL nor PROXY");
  CHECK(why_not(kSignature + "\x21\x41") == "the family or the protocol is unknown");
  CHECK(why_not(kSignature + "\x21\x13") == "the family or the protocol is unknown");
  CHECK(why_not(binary(0x21, 0x11, kV4Block.substr(1))) == "the addresses are cut short");
  CHECK(why_not(binary(0x21, 0x21, kV4Block)) == "the addresses are cut short");
  CHECK(why_not(binary(0x21, 0x31, std::string(215, 'x'))) == "the addresses are cut short");
}

TEST_CASE("what is written is read again") {
  const AddressPair v4{endpoint("192.0.2.2", 443), endpoint("192.0.2.1", 56324)};
  const AddressPair v6{endpoint("2001:db8::2", 443), endpoint("2001:db8::1", 56324)};
  const AddressPair names{UnixName{"/run/a.sock"}, UnixName{"@name"}};
  for (const AddressPair& pair : {v4, v6}) {
    for (const ProxyVersion version : {ProxyVersion::v1, ProxyVersion::v2}) {
      CHECK(read_whole(text_of(serialize_proxy_header(version, pair))) ==
            to_string(pair.remote) + " > " + to_string(pair.local));
    }
  }
  CHECK(text_of(serialize_proxy_header(ProxyVersion::v1, v4)) == "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n");
  CHECK(text_of(serialize_proxy_header(ProxyVersion::v2, v4)) == binary(0x21, 0x11, kV4Block));
  CHECK(read_whole(text_of(serialize_proxy_header(ProxyVersion::v2, names))) == "unix:@name > unix:/run/a.sock");
  CHECK(text_of(serialize_proxy_header(ProxyVersion::v1, names)) == "PROXY UNKNOWN\r\n");
}

TEST_CASE("what a version has no words for") {
  const AddressPair two_kinds{UnixName{"/run/a.sock"}, endpoint("192.0.2.1", 1)};
  CHECK(text_of(serialize_proxy_header(ProxyVersion::v1, two_kinds)) == "PROXY UNKNOWN\r\n");
  CHECK(text_of(serialize_proxy_header(ProxyVersion::v2, two_kinds)) == binary(0x21, 0x00, ""));
  const AddressPair two_families{endpoint("2001:db8::2", 2), endpoint("192.0.2.1", 1)};
  CHECK(text_of(serialize_proxy_header(ProxyVersion::v1, two_families)) ==
        "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1 2\r\n");
  CHECK(read_whole(text_of(serialize_proxy_header(ProxyVersion::v2, two_families))) == "192.0.2.1:1 > [2001:db8::2]:2");
  const AddressPair zoned{endpoint("fe80::2", 2), Endpoint{parse_ip_address("fe80::1")->with_scope(1), 1}};
  CHECK(read_whole(text_of(serialize_proxy_header(ProxyVersion::v1, zoned))) == "[fe80::1]:1 > [fe80::2]:2");
}
