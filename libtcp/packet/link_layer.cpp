// SPDX-License-Identifier: MIT
#include "libtcp/packet/link_layer.hpp"

#include <algorithm>

#include "libtcp/packet/linux_cooked.hpp"
#include "libtcp/packet/wireless.hpp"

namespace tcp::packet {
namespace {

// libpcap's own numbers for LinkType::raw on some systems.
constexpr std::uint16_t kDltRaw = 12;
constexpr std::uint16_t kDltRawOpenBsd = 14;
constexpr unsigned kMostHeaders = 8;  // that follow one another between link and network
constexpr unsigned kMostMplsLabels = 16;

LinkLayer announce(NetworkKind kind, const Reader& reader) {
  LinkLayer link;
  link.error = kind == NetworkKind::none ? ParseError::unsupported : ParseError::none;
  link.network = kind;
  link.payload = reader.rest();
  return link;
}

VlanStack identifiers(const EthernetHeader& header) {
  VlanStack stack;
  stack.count = header.vlan_count;
  for (std::size_t i = 0; i < stack.count; ++i) stack.identifiers[i] = header.vlans[i].identifier();
  return stack;
}

// The walk from an ethertype to IP: tags, label stacks, PPPoE, LLC, in any order that occurs.
class EtherTypeWalk {
 public:
  EtherTypeWalk(Reader reader, LinkTags tags) : reader_(reader) { link_.tags = tags; }

  LinkLayer run(std::uint16_t ether_type) {
    NetworkKind kind = NetworkKind::none;
    for (unsigned i = 0; i < kMostHeaders && kind == NetworkKind::none; ++i) {
      if (ether_type == ethertype::ipv4) {
        kind = NetworkKind::ipv4;
      } else if (ether_type == ethertype::ipv6) {
        kind = NetworkKind::ipv6;
      } else if (ether_type == ethertype::mpls || ether_type == ethertype::mpls_multicast) {
        return finish(leave_labels());
      } else if (ether_type == ethertype::pppoe_session) {
        ether_type = enter_session();
      } else if (ether_type <= ethertype::largest_length) {
        ether_type = skip_logical_link();
      } else {
        break;
      }
      if (!reader_.ok()) break;
    }
    return finish(kind);
  }

  // PPP's own protocol numbers.
  LinkLayer run_ppp() { return run(read_ppp_protocol()); }

 private:
  LinkLayer finish(NetworkKind kind) {
    link_.network = kind;
    link_.payload = reader_.rest();
    link_.error = !reader_.ok()               ? ParseError::truncated
                  : kind == NetworkKind::none ? ParseError::unsupported
                                              : ParseError::none;
    return link_;
  }

  // RFC 3032 §2.1: the label at the bottom has the S bit. What is below says its version itself.
  NetworkKind leave_labels() {
    for (unsigned i = 0; i < kMostMplsLabels && reader_.ok(); ++i) {
      const std::uint32_t entry = reader_.u32();
      ++link_.tags.mpls_count;
      link_.tags.mpls_label = entry >> 12;
      if ((entry & 0x100) == 0) continue;
      const unsigned version = reader_.left() == 0 ? 0 : reader_.rest().front() >> 4;
      return version == 4 || version == 6 ? NetworkKind::by_version : NetworkKind::none;  // or a pseudowire
    }
    return NetworkKind::none;
  }

  std::uint16_t enter_session() {  // RFC 2516 §4
    reader_.skip(2);
    link_.tags.pppoe_session = reader_.u16();
    reader_.skip(2);
    return read_ppp_protocol();
  }

  // RFC 1661 §2: one byte when it is odd (compressed), two otherwise; behind address and control or not.
  std::uint16_t read_ppp_protocol() {
    std::uint16_t protocol = reader_.u8();
    if (protocol == 0xff) {
      reader_.skip(1);
      protocol = reader_.u8();
    }
    if ((protocol & 1) == 0) protocol = static_cast<std::uint16_t>(protocol << 8 | reader_.u8());
    switch (protocol) {
      case 0x0021: return ethertype::ipv4;
      case 0x0057: return ethertype::ipv6;
      case 0x0281: return ethertype::mpls;
      default: return 0xffff;
    }
  }

  // 802.2 with SNAP (RFC 1042): AA AA 03, an organization and an ethertype; or IP's own service access point.
  std::uint16_t skip_logical_link() {
    const std::uint32_t head = reader_.u24();
    if (head == 0xaaaa03) {
      reader_.skip(3);
      return reader_.u16();
    }
    return head == 0x060603 ? ethertype::ipv4 : 0xffff;
  }

  Reader reader_;
  LinkLayer link_;
};

LinkLayer finish_tagged(const EthernetHeader& header, const Reader& reader, ParseError error) {
  LinkTags tags;
  tags.vlans = identifiers(header);
  if (error == ParseError::none) return EtherTypeWalk(reader, tags).run(header.ether_type);
  LinkLayer link = announce(NetworkKind::none, reader);
  link.tags = tags;
  link.error = error;
  return link;
}

LinkLayer parse_ethernet(Reader reader) {
  ParseError error{};
  const EthernetHeader header = parse_ethernet_header(reader, error);
  return finish_tagged(header, reader, error);
}

// In cooked captures tags stand behind the cooked header.
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

// Frame control and two addresses, then LLC.
LinkLayer parse_fddi(Reader reader) {
  reader.skip(13);
  return EtherTypeWalk(reader, {}).run(0);
}

LinkLayer parse_wireless(Reader reader) {
  if (!skip_wireless_header(reader)) return announce(NetworkKind::none, reader);
  return EtherTypeWalk(reader, {}).run(0);
}

// A header of four bytes, then attributes of length and type in the byte order of the host that logged; the packet
// itself is one of them (linux/netfilter/nfnetlink_log.h).
LinkLayer parse_netfilter_log(Reader reader) {
  constexpr std::uint16_t kPayload = 9;
  constexpr std::uint16_t kTypeMask = 0x7fff;
  reader.skip(4);
  while (reader.ok() && reader.left() >= 4) {
    const std::uint32_t head = swap_bytes(reader.u32());  // as a little-endian host wrote it: type above length
    const std::size_t length = head & 0xffff;
    const auto type = static_cast<std::uint16_t>(head >> 16 & kTypeMask);
    if (length < 4) break;
    const std::size_t body = length - 4;
    if (type == kPayload) return announce(NetworkKind::by_version, Reader(reader.take(std::min(body, reader.left()))));
    reader.skip(std::min((body + 3) & ~std::size_t{3}, reader.left()));
  }
  return announce(NetworkKind::none, reader);
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
    case LinkType::ppp: return EtherTypeWalk(reader, {}).run_ppp();
    case LinkType::fddi: return parse_fddi(reader);
    case LinkType::ieee802_11: return parse_wireless(reader);
    case LinkType::linux_sll: return parse_linux_cooked(reader, LinkType::linux_sll);
    case LinkType::linux_sll2: return parse_linux_cooked(reader, LinkType::linux_sll2);
    case LinkType::null: return parse_loopback(reader, LinkType::null);
    case LinkType::loop: return parse_loopback(reader, LinkType::loop);
    case LinkType::raw: return announce(NetworkKind::by_version, reader);
    case LinkType::ipv4: return announce(NetworkKind::ipv4, reader);
    case LinkType::ipv6: return announce(NetworkKind::ipv6, reader);
    case LinkType::nflog: return parse_netfilter_log(reader);
  }
  return announce(NetworkKind::none, reader);
}

}  // namespace tcp::packet
