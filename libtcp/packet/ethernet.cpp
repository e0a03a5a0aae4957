// SPDX-License-Identifier: MIT
#include "libtcp/packet/ethernet.hpp"

namespace tcp::packet {

bool is_vlan_tag(std::uint16_t ether_type) noexcept {
  return ether_type == ethertype::vlan || ether_type == ethertype::service_vlan || ether_type == ethertype::old_qinq;
}

ParseError parse_vlan_tags(Reader& reader, EthernetHeader& header) {
  while (reader.ok() && is_vlan_tag(header.ether_type)) {
    if (header.vlan_count == kMaxVlanTags) return ParseError::too_deep;
    VlanTag& tag = header.vlans[header.vlan_count++];
    tag.tag_protocol = header.ether_type;
    tag.control = reader.u16();
    header.ether_type = reader.u16();
  }
  return reader.ok() ? ParseError::none : ParseError::truncated;
}

EthernetHeader parse_ethernet_header(Reader& reader, ParseError& error) {
  EthernetHeader header;
  reader.copy(header.destination.bytes);
  reader.copy(header.source.bytes);
  header.ether_type = reader.u16();
  error = parse_vlan_tags(reader, header);
  return header;
}

bool serialize(Writer& writer, const EthernetHeader& header) {
  if (header.vlan_count > kMaxVlanTags) writer.fail();
  writer.bytes(header.destination.bytes);
  writer.bytes(header.source.bytes);
  for (std::size_t i = 0; writer.ok() && i < header.vlan_count; ++i) {
    writer.u16(header.vlans[i].tag_protocol);
    writer.u16(header.vlans[i].control);
  }
  writer.u16(header.ether_type);
  return writer.ok();
}

}  // namespace tcp::packet
