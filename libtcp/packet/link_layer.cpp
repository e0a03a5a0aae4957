// SPDX-License-Identifier: MIT
#include "libtcp/packet/link_layer.hpp"

#include "libtcp/packet/linux_cooked.hpp"

namespace tcp::packet {
namespace {

// libpcap's own numbers for LinkType::raw on some systems.
constexpr std::uint16_t kDltRaw = 12;
constexpr std::uint16_t kDltRawOpenBsd = 14;

LinkLayer announce(NetworkKind kind, const Reader& reader) {
  LinkLayer link;
  link.error = kind == NetworkKind::none ? ParseError::unsupported : ParseError::none;
  link.network = kind;
  link.payload = reader.rest();
  return link;
}

NetworkKind kind_of_ether_type(std::uint16_t ether_type) {
  if (ether_type == ethertype::ipv4) return NetworkKind::ipv4;
  return ether_type == ethertype::ipv6 ? NetworkKind::ipv6 : NetworkKind::none;
}

VlanStack identifiers(const EthernetHeader& header) {
  VlanStack stack;
  stack.count = header.vlan_count;
  for (std::size_t i = 0; i < stack.count; ++i) stack.identifiers[i] = header.vlans[i].identifier();
  return stack;
}

// Shared by Ethernet and by cooked captures, where tags stand behind the cooked header.
LinkLayer finish_tagged(const EthernetHeader& header, const Reader& reader, ParseError error) {
  LinkLayer link = announce(kind_of_ether_type(header.ether_type), reader);
  link.vlans = identifiers(header);
  if (error != ParseError::none) link.error = error;
  return link;
}

LinkLayer parse_ethernet(Reader reader) {
  ParseError error{};
  const EthernetHeader header = parse_ethernet_header(reader, error);
  return finish_tagged(header, reader, error);
}

LinkLayer parse_linux_cooked(Reader reader, LinkType version) {
  ParseError error{};
  const LinuxCookedHeader cooked =
      version == LinkType::linux_sll ? parse_linux_cooked_v1(reader, error) : parse_linux_cooked_v2(reader, error);
  EthernetHeader header;
  header.ether_type = cooked.protocol;
  if (error == ParseError::none) error = parse_vlan_tags(reader, header);
  return finish_tagged(header, reader, error);
}

// AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on Darwin.
NetworkKind kind_of_address_family(std::uint32_t family) {
  switch (family) {
    case 2: return NetworkKind::ipv4;
    case 10:
    case 24:
    case 28:
    case 30: return NetworkKind::ipv6;
    default: return NetworkKind::none;
  }
}

constexpr std::uint32_t swap_bytes(std::uint32_t value) {
  return value >> 24 | (value >> 8 & 0xff00) | (value << 8 & 0xff0000) | value << 24;
}

LinkLayer parse_loopback(Reader reader, LinkType link_type) {
  std::uint32_t family = reader.u32();
  // Families are small, so a number that fills the upper half was written by a host of the other byte order.
  if (link_type == LinkType::null && family > 0xffff) family = swap_bytes(family);
  LinkLayer link = announce(kind_of_address_family(family), reader);
  if (!reader.ok()) link.error = ParseError::truncated;
  return link;
}

LinkType canonical(LinkType link_type) {
  const auto number = static_cast<std::uint16_t>(link_type);
  return number == kDltRaw || number == kDltRawOpenBsd ? LinkType::raw : link_type;
}

}  // namespace

LinkLayer parse_link_layer(Bytes frame, LinkType link_type) {
  const Reader reader(frame);
  switch (canonical(link_type)) {
    case LinkType::ethernet: return parse_ethernet(reader);
    case LinkType::linux_sll: return parse_linux_cooked(reader, LinkType::linux_sll);
    case LinkType::linux_sll2: return parse_linux_cooked(reader, LinkType::linux_sll2);
    case LinkType::null: return parse_loopback(reader, LinkType::null);
    case LinkType::loop: return parse_loopback(reader, LinkType::loop);
    case LinkType::raw: return announce(NetworkKind::by_version, reader);
    case LinkType::ipv4: return announce(NetworkKind::ipv4, reader);
    case LinkType::ipv6: return announce(NetworkKind::ipv6, reader);
  }
  return announce(NetworkKind::none, reader);
}

}  // namespace tcp::packet
