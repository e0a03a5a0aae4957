// SPDX-License-Identifier: MIT
#include "libtcp/packet/ipv6.hpp"

#include <algorithm>

namespace tcp::packet {
namespace {

constexpr int kMaxExtensionHeaders = 8;
constexpr std::size_t kAddressLength = 16;

enum RoutingType : std::uint8_t { source_route = 0, mobility_home = 2, segment_routing = 4 };

IpAddress read_address(Reader& reader) {
  std::array<std::uint8_t, kAddressLength> bytes{};
  reader.copy(bytes);
  return IpAddress::v6(bytes);
}

// `body` is what follows next header and length. The last hop stands last in a source route, first in segment routing.
void apply_routing(Bytes body, ExtensionWalk& walk) {
  Reader reader(body);
  const std::uint8_t type = reader.u8();
  const std::uint8_t segments_left = reader.u8();
  reader.skip(4);
  if (!reader.ok() || segments_left == 0 || reader.left() < kAddressLength) return;
  const std::size_t addresses = reader.left() / kAddressLength;
  if (type == source_route) reader.skip((addresses - 1) * kAddressLength);
  if (type == source_route || type == mobility_home || type == segment_routing) {
    walk.final_destination = read_address(reader);
  }
}

// Looks for a home address among the type-length-value options of a destination options header.
void apply_destination_options(Bytes body, ExtensionWalk& walk) {
  constexpr std::uint8_t kPad1 = 0;
  constexpr std::uint8_t kHomeAddress = 201;
  Reader reader(body);
  while (reader.ok() && reader.left() > 0) {
    const std::uint8_t type = reader.u8();
    if (type == kPad1) continue;
    Reader value(reader.take(reader.u8()));
    if (type == kHomeAddress && value.left() == kAddressLength) walk.original_source = read_address(value);
  }
}

void apply_fragment(Bytes body, ExtensionWalk& walk) {
  Reader reader(body);
  const std::uint16_t offset_and_flags = reader.u16();
  walk.fragment_offset = offset_and_flags >> 3;
  walk.more_fragments = (offset_and_flags & 1) != 0;
  walk.is_fragment = walk.fragment_offset != 0 || walk.more_fragments;
}

constexpr bool is_extension_header(std::uint8_t protocol) {
  constexpr std::uint8_t kHostIdentity = 139;
  constexpr std::uint8_t kShim6 = 140;
  switch (protocol) {
    case ip_protocol::hop_by_hop:
    case ip_protocol::routing:
    case ip_protocol::fragment:
    case ip_protocol::authentication:
    case ip_protocol::destination_options:
    case ip_protocol::mobility:
    case kHostIdentity:
    case kShim6: return true;
    default: return false;
  }
}

// Bytes of an extension header behind its first two (RFC 8200 §4, RFC 4302 §2.2).
constexpr std::size_t body_length(std::uint8_t protocol, std::uint8_t length_field) {
  if (protocol == ip_protocol::fragment) return 6;
  if (protocol == ip_protocol::authentication) return std::size_t{4} * length_field + 6;
  return std::size_t{8} * length_field + 6;
}

// Reads one extension header and steps to the next.
void step(Reader& reader, ExtensionWalk& walk) {
  const std::uint8_t protocol = walk.protocol;
  const std::uint8_t next = reader.u8();
  const Bytes body = reader.take(body_length(protocol, reader.u8()));
  if (!reader.ok()) return;
  walk.protocol = next;
  if (protocol == ip_protocol::routing) apply_routing(body, walk);
  if (protocol == ip_protocol::destination_options) apply_destination_options(body, walk);
  if (protocol == ip_protocol::fragment) apply_fragment(body, walk);
}

}  // namespace

Ipv6Header parse_ipv6_header(Reader& reader, ParseError& error) {
  Ipv6Header header;
  const std::uint32_t first = reader.u32();
  header.dscp = first >> 22 & 0x3f;
  header.ecn = first >> 20 & 3;
  header.flow_label = first & 0xfffff;
  header.payload_length = reader.u16();
  header.next_header = reader.u8();
  header.hop_limit = reader.u8();
  header.source = read_address(reader);
  header.destination = read_address(reader);
  error = !reader.ok() ? ParseError::truncated : first >> 28 != 6 ? ParseError::bad_version : ParseError::none;
  return header;
}

bool serialize(Writer& writer, const Ipv6Header& header) {
  const std::uint32_t service = std::uint32_t{header.dscp & 0x3fU} << 2 | (header.ecn & 3U);
  writer.u32(6U << 28 | service << 20 | (header.flow_label & 0xfffff));
  writer.u16(header.payload_length);
  writer.u8(header.next_header);
  writer.u8(header.hop_limit);
  writer.bytes(header.source.bytes());
  writer.bytes(header.destination.bytes());
  return writer.ok();
}

ExtensionWalk walk_extension_headers(Reader& reader, const Ipv6Header& header, ParseError& error) {
  ExtensionWalk walk{
      .protocol = header.next_header, .final_destination = header.destination, .original_source = header.source};
  error = ParseError::none;
  // Behind the header of a later fragment comes a piece of the upper layer, whatever the next header says.
  for (int count = 0; is_extension_header(walk.protocol) && walk.fragment_offset == 0; ++count) {
    if (count == kMaxExtensionHeaders)
      error = ParseError::too_deep;
    else
      step(reader, walk);
    if (!reader.ok()) error = ParseError::truncated;
    if (error != ParseError::none) return walk;
  }
  return walk;
}

}  // namespace tcp::packet
