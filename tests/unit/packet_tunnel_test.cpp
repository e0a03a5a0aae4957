// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/packet/flow_segment.hpp"
#include "libtcp/packet/tunnel.hpp"
#include "tests/support/frames.hpp"

using namespace tcp;
using namespace tcp::packet;
using test::Octets;

namespace {

const Octets& inner(Family family = Family::v4) {
  static const Octets v4 = test::tcp_packet(Family::v4, 40000, control::syn, linux_syn_options(1460, 1, 7));
  static const Octets v6 = test::tcp_packet(Family::v6, 40000, control::syn, linux_syn_options(1440, 1, 7));
  return family == Family::v4 ? v4 : v6;
}

Octets in_ipv4(std::uint8_t protocol, Bytes payload) {
  Ipv4Header header;
  header.protocol = protocol;
  return test::ipv4_packet(header, payload);
}

Octets in_udp(std::uint16_t source, std::uint16_t destination, const Octets& head, Bytes payload) {
  const auto high = [](std::size_t value) { return static_cast<std::uint8_t>(value >> 8); };
  const auto low = [](std::size_t value) { return static_cast<std::uint8_t>(value); };
  const std::size_t length = 8 + head.size() + payload.size();
  Octets udp{high(source), low(source), high(destination), low(destination), high(length), low(length), 0, 0};
  udp.insert(udp.end(), head.begin(), head.end());
  udp.insert(udp.end(), payload.begin(), payload.end());
  return in_ipv4(ip_protocol::udp, udp);
}

// How the SYN inside was reached; empty when it was not.
std::string way_to(const Octets& frame, LinkType link_type = LinkType::raw) {
  WayIn way;
  const DecodedPacket packet = decode_innermost(frame, link_type, way);
  if (packet.tcp() == nullptr || packet.tcp()->header.source_port != 40000) return "lost";
  return to_string(way);
}

Octets with_ether_type(std::uint16_t ether_type, const Octets& head, Bytes payload) {
  Octets frame(12, 2);
  frame.push_back(static_cast<std::uint8_t>(ether_type >> 8));
  frame.push_back(static_cast<std::uint8_t>(ether_type));
  frame.insert(frame.end(), head.begin(), head.end());
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

constexpr const char* kOuter = " (192.0.2.1 to 198.51.100.2)";

}  // namespace

TEST_CASE("packets in IP") {
  CHECK(way_to(in_ipv4(ip_protocol::ipv4, inner())) == std::string("ipv4") + kOuter);
  CHECK(way_to(in_ipv4(ip_protocol::ipv6, inner(Family::v6))) == std::string("ipv6") + kOuter);
  CHECK(way_to(test::ipv6_packet(ip_protocol::ipv4, inner())) == "ipv4 (2001:db8::1 to 2001:db8::2)");
}

TEST_CASE("GRE with and without its optional fields") {
  CHECK(way_to(in_ipv4(ip_protocol::gre, test::joined(Octets{0, 0, 8, 0}, inner()))) == std::string("gre") + kOuter);
  const Octets all{0xb0, 0, 0x86, 0xdd, 1, 2, 0, 0, 0, 0, 0, 9, 0, 0, 0, 5};  // checksum, key 9, sequence number
  CHECK(way_to(in_ipv4(ip_protocol::gre, test::joined(all, inner(Family::v6)))) == std::string("gre 9") + kOuter);
  const Octets bridged{0, 0, 0x65, 0x58};
  CHECK(way_to(in_ipv4(ip_protocol::gre, test::joined(bridged, test::in_ethernet(inner())))) ==
        std::string("gre") + kOuter);
  const Octets mirrored{0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
  CHECK(way_to(in_ipv4(ip_protocol::gre, test::joined(mirrored, test::in_ethernet(inner())))) ==
        std::string("erspan") + kOuter);
  const Octets dialled{0x30, 1, 0x88, 0x0b, 0, 60, 0, 1, 0, 0, 0, 1, 0xff, 3, 0, 0x21};  // PPTP: PPP inside
  CHECK(way_to(in_ipv4(ip_protocol::gre, test::joined(dialled, inner()))) == std::string("gre") + kOuter);
}

TEST_CASE("tunnels over UDP") {
  const Octets ethernet = test::in_ethernet(inner());
  CHECK(way_to(in_udp(1, 4789, {8, 0, 0, 0, 0, 0, 42, 0}, ethernet)) == std::string("vxlan 42") + kOuter);
  CHECK(way_to(in_udp(1, 8472, {8, 0, 0, 0, 0, 0, 42, 0}, ethernet)) == std::string("vxlan 42") + kOuter);
  CHECK(way_to(in_udp(1, 6081, {1, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 2, 3, 0}, ethernet)) ==
        std::string("geneve 7") + kOuter);
  CHECK(way_to(in_udp(1, 6081, {0, 0, 8, 0, 0, 0, 7, 0}, inner())) == std::string("geneve 7") + kOuter);
  CHECK(way_to(in_udp(2152, 9, {0x30, 255, 0, 9, 0, 0, 0, 5}, inner())) == std::string("gtp-u 5") + kOuter);
  const Octets extended{0x34, 255, 0, 9, 0, 0, 0, 5, 0, 0, 0, 0x85, 1, 0, 9, 0};
  CHECK(way_to(in_udp(9, 2152, extended, inner())) == std::string("gtp-u 5") + kOuter);
  CHECK(way_to(in_udp(3544, 9, {0, 0, 1, 2, 3, 4, 5, 6}, inner(Family::v6))) == std::string("teredo") + kOuter);
}

TEST_CASE("what only looks like a tunnel is left alone") {
  CHECK(way_to(in_udp(1, 4788, {8, 0, 0, 0, 0, 0, 42, 0}, test::in_ethernet(inner()))) == "lost");
  CHECK(way_to(in_udp(1, 4789, {0, 0, 0, 0, 0, 0, 42, 0}, test::in_ethernet(inner()))) == "lost");
  CHECK(way_to(in_udp(2152, 9, {0x50, 255, 0, 9, 0, 0, 0, 5}, inner())) == "lost");
  CHECK(way_to(in_udp(2152, 9, {0x34, 255, 0, 9, 0, 0, 0, 5, 0, 0, 0, 0x85, 0, 0, 9, 0}, inner())) == "lost");
}

TEST_CASE("labels, sessions and logical links") {
  CHECK(way_to(with_ether_type(0x8847, {0, 1, 0x40, 9, 0, 1, 0xd1, 9}, inner()), LinkType::ethernet) == "mpls 29");
  CHECK(way_to(with_ether_type(0x8864, {0x11, 0, 0, 77, 0, 9, 0, 0x21}, inner()), LinkType::ethernet) == "pppoe 77");
  CHECK(way_to(with_ether_type(0x8864, {0x11, 0, 0, 77, 0, 9, 0x57}, inner(Family::v6)), LinkType::ethernet) ==
        "pppoe 77");
  CHECK(way_to(with_ether_type(100, {0xaa, 0xaa, 3, 0, 0, 0, 8, 0}, inner()), LinkType::ethernet).empty());
  const Octets session{0x88, 0x64, 0x11, 0, 0, 77, 0, 9, 0, 0x21};
  Octets tagged{0, 5};
  tagged.insert(tagged.end(), session.begin(), session.end());
  CHECK(way_to(with_ether_type(0x8100, tagged, inner()), LinkType::ethernet) == "vlan 5 > pppoe 77");
  const Octets log{2, 0, 0, 0, 6, 0, 10, 0, 'x', 0, 0, 0};
  Octets logged = log;
  const std::size_t length = 4 + inner().size();
  logged.insert(logged.end(), {static_cast<std::uint8_t>(length), static_cast<std::uint8_t>(length >> 8), 9, 0});
  CHECK(way_to(test::joined(logged, inner()), LinkType::nflog).empty());
}

TEST_CASE("nesting ends somewhere") {
  Octets packet = inner();
  for (int i = 0; i < 5; ++i) packet = in_ipv4(ip_protocol::ipv4, packet);
  CHECK(way_to(packet) != "lost");
  for (int i = 0; i < 5; ++i) packet = in_ipv4(ip_protocol::ipv4, packet);
  CHECK(way_to(packet) == "lost");
}

TEST_CASE("the short way reads what the long way reads") {
  for (const Family family : {Family::v4, Family::v6}) {
    const Octets payload(13, 'x');
    const Octets frame = test::in_ethernet(test::tcp_packet(family, 1234, control::psh | control::ack, {}, payload));
    FlowSegment plain;
    REQUIRE(read_plain_segment(frame, LinkType::ethernet, plain, plain));
    const FlowSegment full = to_flow_segment(decode(frame, LinkType::ethernet));
    CHECK(plain.payload_length == 13);
    CHECK(plain.source == full.source);
    CHECK(plain.destination == full.destination);
    CHECK(plain.checksum == full.checksum);
    CHECK(plain.time_to_live == full.time_to_live);
    CHECK(to_address(plain.source, family) == test::hosts(family).first);
  }
}
