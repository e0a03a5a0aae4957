// SPDX-License-Identifier: MIT
// Ethernet frames with 802.1Q and 802.1ad (QinQ) tags.
#pragma once

#include <array>
#include <cstdint>

#include "libtcp/base/mac_address.hpp"
#include "libtcp/packet/bytes.hpp"

namespace tcp::packet {

namespace ethertype {
inline constexpr std::uint16_t ipv4 = 0x0800;
inline constexpr std::uint16_t arp = 0x0806;
inline constexpr std::uint16_t vlan = 0x8100;  // 802.1Q
inline constexpr std::uint16_t ipv6 = 0x86dd;
inline constexpr std::uint16_t service_vlan = 0x88a8;  // 802.1ad
inline constexpr std::uint16_t old_qinq = 0x9100;
inline constexpr std::uint16_t transparent_bridging = 0x6558;  // Ethernet inside GRE or Geneve
inline constexpr std::uint16_t mpls = 0x8847;
inline constexpr std::uint16_t mpls_multicast = 0x8848;
inline constexpr std::uint16_t pppoe_session = 0x8864;
inline constexpr std::uint16_t ppp = 0x880b;     // inside GRE (PPTP)
inline constexpr std::uint16_t erspan = 0x88be;  // types I and II
inline constexpr std::uint16_t erspan_three = 0x22eb;
inline constexpr std::uint16_t largest_length = 0x05dc;  // up to here it is an 802.3 length and LLC follows
}  // namespace ethertype

struct VlanTag {
  std::uint16_t tag_protocol = ethertype::vlan;
  std::uint16_t control = 0;  // priority 3 bits, drop eligible 1, identifier 12
  [[nodiscard]] std::uint16_t identifier() const noexcept { return control & 0x0fff; }
  friend bool operator==(const VlanTag&, const VlanTag&) = default;
};

// 802.1Q, 802.1ad or its predecessor: a tag and another ethertype follow.
[[nodiscard]] bool is_vlan_tag(std::uint16_t ether_type) noexcept;

inline constexpr std::size_t kMaxVlanTags = 4;

struct EthernetHeader {
  MacAddress destination;
  MacAddress source;
  std::uint8_t vlan_count = 0;
  std::array<VlanTag, kMaxVlanTags> vlans{};  // outermost first
  std::uint16_t ether_type = 0;               // of the payload; below 0x0600 it is an 802.3 length

  friend bool operator==(const EthernetHeader&, const EthernetHeader&) = default;
};

// Reads the tags that follow while header.ether_type announces one; truncated, too_deep or none.
[[nodiscard]] ParseError parse_vlan_tags(Reader& reader, EthernetHeader& header);

// Leaves the reader at the payload. More tags than kMaxVlanTags are too_deep.
[[nodiscard]] EthernetHeader parse_ethernet_header(Reader& reader, ParseError& error);
bool serialize(Writer& writer, const EthernetHeader& header);

}  // namespace tcp::packet
