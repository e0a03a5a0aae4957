// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <array>

#include "libtcp/packet/build.hpp"
#include "libtcp/packet/decode.hpp"
#include "libtcp/packet/notation.hpp"

using namespace tcp;
using namespace tcp::packet;

namespace {

Endpoint endpoint(const char* address, std::uint16_t port) { return {parse_ip_address(address).value(), port}; }

std::string describe(const DecodedPacket& packet) {
  ParseError error{};
  const TcpOptions options = parse_tcp_options(packet.tcp()->options, error);
  return notation(packet.tcp()->header, options, packet.tcp_payload_length());
}

}  // namespace

TEST_CASE("a SYN is built, decoded and verified in both families") {
  for (const auto& [source, destination] : {std::pair(endpoint("192.0.2.1", 40000), endpoint("198.51.100.2", 443)),
                                            std::pair(endpoint("2001:db8::1", 40000), endpoint("2001:db8::2", 443))}) {
    std::array<std::uint8_t, 128> buffer{};
    IpFields fields;
    fields.time_to_live = 57;
    TcpHeader header;
    header.control_bits = control::syn;
    header.window = 64240;
    const Bytes packet = build_tcp_packet(buffer, source, destination, fields, header, linux_syn_options(1460, 1, 7));
    const DecodedPacket decoded = decode_ip(packet);
    REQUIRE(decoded.error == ParseError::none);
    CHECK(verify_transport_checksum(decoded) == ChecksumState::good);
    CHECK(decoded.source_endpoint() == source);
    CHECK(decoded.destination_endpoint() == destination);
    CHECK(decoded.time_to_live() == 57);
    CHECK(describe(decoded) == "S 0:0(0) win 64240 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>");
  }
}

TEST_CASE("what cannot be built is empty") {
  std::array<std::uint8_t, 64> buffer{};
  const Endpoint v4 = endpoint("192.0.2.1", 1);
  const Endpoint v6 = endpoint("2001:db8::1", 1);
  CHECK(build_tcp_packet(buffer, v4, v6, {}, {}, {}).empty());
  CHECK(build_tcp_packet(std::span(buffer).first(39), v4, v4, {}, {}, {}).empty());
  CHECK(build_tcp_packet(std::span(buffer).first(10), v4, v4, {}, {}, {}).empty());
  CHECK(build_tcp_packet(std::span(buffer).first(59), v6, v6, {}, {}, {}).empty());
  CHECK(build_tcp_packet(std::span(buffer).first(60), v6, v6, {}, {}, {}).size() == 60);
}

TEST_CASE("a packet as long as IP can count, and one byte more") {
  std::vector<std::uint8_t> buffer(70000);
  const std::vector<std::uint8_t> payload(65536, 'x');
  const Endpoint v4 = endpoint("192.0.2.1", 1);
  const Endpoint v6 = endpoint("2001:db8::1", 1);
  const auto built = [&](const Endpoint& end, std::size_t length) {
    return build_tcp_packet(buffer, end, end, {}, {}, {}, Bytes(payload).first(length));
  };
  CHECK(verify_transport_checksum(decode_ip(built(v4, 65495))) == ChecksumState::good);
  CHECK(built(v4, 65496).empty());
  CHECK(verify_transport_checksum(decode_ip(built(v6, 65515))) == ChecksumState::good);
  CHECK(built(v6, 65516).empty());
}

TEST_CASE("the IP fields a sender chooses") {
  std::array<std::uint8_t, 64> buffer{};
  IpFields fields;
  fields.dscp = 46;
  fields.ecn = 2;
  fields.identification = 0x1234;
  fields.dont_fragment = false;
  fields.flow_label = 0xabcde;
  const Endpoint v4 = endpoint("192.0.2.1", 1);
  const auto header = std::get<Ipv4Header>(decode_ip(build_tcp_packet(buffer, v4, v4, fields, {}, {})).network);
  CHECK(header.dscp == 46);
  CHECK(header.ecn == 2);
  CHECK(header.identification == 0x1234);
  CHECK_FALSE(header.dont_fragment);
  const Endpoint v6 = endpoint("2001:db8::1", 1);
  const auto header6 = std::get<Ipv6Header>(decode_ip(build_tcp_packet(buffer, v6, v6, fields, {}, {})).network);
  CHECK(header6.dscp == 46);
  CHECK(header6.ecn == 2);
  CHECK(header6.flow_label == 0xabcde);
}
