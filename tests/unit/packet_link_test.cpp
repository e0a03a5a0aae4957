// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "tests/support/frames.hpp"

using namespace tcp;
using namespace tcp::packet;
using namespace tcp::test;

namespace {

Octets serialized(const EthernetHeader& header) {
  return written([&](Writer& writer) { serialize(writer, header); });
}

EthernetHeader tagged(std::uint8_t count) {
  EthernetHeader header;
  header.destination.bytes = {1, 2, 3, 4, 5, 6};
  header.source.bytes = {7, 8, 9, 10, 11, 12};
  header.ether_type = ethertype::ipv4;
  header.vlan_count = count;
  constexpr std::uint16_t kProtocols[] = {ethertype::service_vlan, ethertype::old_qinq, ethertype::vlan,
                                          ethertype::vlan};
  for (std::size_t i = 0; i < count; ++i) header.vlans.at(i) = {kProtocols[i], static_cast<std::uint16_t>(0x6064 + i)};
  return header;
}

const Octets kSyn = tcp_packet(Family::v4, 40000, control::syn, {});
const Octets kSyn6 = tcp_packet(Family::v6, 40000, control::syn, {});

}  // namespace

TEST_CASE("Ethernet headers survive the round trip with any number of tags") {
  for (std::uint8_t count = 0; count <= kMaxVlanTags; ++count) {
    const Octets bytes = serialized(tagged(count));
    CHECK(bytes.size() == 14 + 4 * std::size_t{count});
    Reader reader(bytes);
    ParseError error{};
    CHECK(parse_ethernet_header(reader, error) == tagged(count));
    CHECK(error == ParseError::none);
    CHECK(reader.left() == 0);
  }
}

TEST_CASE("a QinQ frame, byte by byte") {
  // 802.1ad identifier 200, 802.1Q priority 3 identifier 100, IPv4
  const Octets bytes{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xa8, 0x00, 0xc8, 0x81, 0x00, 0x60, 0x64, 0x08, 0x00};
  Reader reader(bytes);
  ParseError error{};
  const EthernetHeader header = parse_ethernet_header(reader, error);
  CHECK(header.vlan_count == 2);
  CHECK(header.vlans[0] == VlanTag{ethertype::service_vlan, 200});
  CHECK(header.vlans[1].identifier() == 100);
  CHECK((header.vlans[1].control >> 13) == 3);
  CHECK(header.ether_type == ethertype::ipv4);
}

TEST_CASE("more tags than are followed") {
  Octets bytes = serialized(tagged(4));
  const Octets tag{0x81, 0x00, 0x00, 0x01};
  bytes.insert(bytes.begin() + 12, tag.begin(), tag.end());
  CHECK(decode(joined(bytes, kSyn), LinkType::ethernet).error == ParseError::too_deep);
  EthernetHeader header;
  header.vlan_count = kMaxVlanTags + 1;
  CHECK(serialized(header).empty());
}

TEST_CASE("identifiers of a stack, outermost first") {
  const Octets frame = in_ethernet(kSyn, {{ethertype::service_vlan, 0xe0c8}, {ethertype::vlan, 100}});
  const DecodedPacket packet = decode(frame, LinkType::ethernet);
  CHECK(packet.tags.vlans.count == 2);
  CHECK(packet.tags.vlans.identifiers[0] == 200);
  CHECK(packet.tags.vlans.identifiers[1] == 100);
  REQUIRE(packet.tcp() != nullptr);
}

TEST_CASE("cooked headers survive the round trip") {
  LinuxCookedHeader header{.packet_type = 4,
                           .device_type = 772,
                           .address_length = 6,
                           .address = {1, 2, 3, 4, 5, 6, 0, 0},
                           .protocol = ethertype::ipv6,
                           .interface_index = 0};
  ParseError error{};
  const Octets first = written([&](Writer& writer) { serialize_v1(writer, header); });
  CHECK(first == Octets{0, 4, 3, 4, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 0x86, 0xdd});
  Reader reader(first);
  CHECK(parse_linux_cooked_v1(reader, error) == header);
  CHECK(error == ParseError::none);
  header.interface_index = 70000;
  const Octets second = written([&](Writer& writer) { serialize_v2(writer, header); });
  CHECK(second == Octets{0x86, 0xdd, 0, 0, 0, 1, 0x11, 0x70, 3, 4, 4, 6, 1, 2, 3, 4, 5, 6, 0, 0});
  Reader reader2(second);
  CHECK(parse_linux_cooked_v2(reader2, error) == header);
  CHECK(error == ParseError::none);
}

TEST_CASE("a cooked capture of a tagged frame") {
  Octets frame = in_linux_cooked(kSyn, LinkType::linux_sll);
  frame[14] = 0x81;
  frame[15] = 0x00;
  const Octets tag{0x00, 0x64, 0x08, 0x00};
  frame.insert(frame.begin() + 16, tag.begin(), tag.end());
  const DecodedPacket packet = decode(frame, LinkType::linux_sll);
  CHECK(packet.tags.vlans.count == 1);
  CHECK(packet.tags.vlans.identifiers[0] == 100);
  CHECK(packet.tcp() != nullptr);
}

TEST_CASE("loopback families of every system, in either byte order") {
  constexpr std::uint8_t kIpv6Families[] = {10, 24, 28, 30};
  for (const std::uint8_t family : kIpv6Families) {
    CAPTURE(family);
    CHECK(decode(in_loopback(kSyn6, {family, 0, 0, 0}), LinkType::null).tcp() != nullptr);
    CHECK(decode(in_loopback(kSyn6, {0, 0, 0, family}), LinkType::null).tcp() != nullptr);
    CHECK(decode(in_loopback(kSyn6, {0, 0, 0, family}), LinkType::loop).tcp() != nullptr);
  }
  CHECK(decode(in_loopback(kSyn, {2, 0, 0, 0}), LinkType::null).tcp() != nullptr);
  CHECK(decode(in_loopback(kSyn, {2, 0, 0, 0}), LinkType::loop).error == ParseError::unsupported);
  CHECK(decode(in_loopback(kSyn, {7, 0, 0, 0}), LinkType::null).error == ParseError::unsupported);
}

TEST_CASE("raw IP is told by its version, under any of its numbers") {
  for (const int number : {101, 12, 14}) {
    const auto raw = static_cast<LinkType>(number);
    CHECK(decode(kSyn, raw).source == address("192.0.2.1"));
    CHECK(decode(kSyn6, raw).source == address("2001:db8::1"));
  }
  CHECK(decode(Octets{0x50, 0}, LinkType::raw).error == ParseError::bad_version);
  CHECK(decode({}, LinkType::raw).error == ParseError::truncated);
}

TEST_CASE("an announced version is held to its word") {
  CHECK(decode(kSyn6, LinkType::ipv4).error == ParseError::bad_version);
  CHECK(decode(kSyn, LinkType::ipv6).error == ParseError::bad_version);
  CHECK(decode(in_loopback(kSyn, {30, 0, 0, 0}), LinkType::null).error == ParseError::bad_version);
}

TEST_CASE("what is not looked into") {
  Octets arp = in_ethernet(kSyn);
  arp[12] = 0x08;
  arp[13] = 0x06;
  CHECK(decode(arp, LinkType::ethernet).error == ParseError::unsupported);
  CHECK(decode(arp, static_cast<LinkType>(105)).error == ParseError::unsupported);
  Octets ieee8023 = in_ethernet(kSyn);
  ieee8023[12] = 0;
  CHECK(decode(ieee8023, LinkType::ethernet).error == ParseError::unsupported);
}
