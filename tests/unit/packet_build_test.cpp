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
