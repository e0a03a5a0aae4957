// SPDX-License-Identifier: MIT
#include <algorithm>

#include "libtcp/packet/icmp.hpp"
#include "libtcp/packet/icmp_types.hpp"
#include "libtcp/packet/ipv4.hpp"
#include "libtcp/packet/ipv6.hpp"

namespace tcp::packet {
namespace {

constexpr std::size_t kLeastQuote = 8;  // RFC 792: ports and sequence number

// What the upper layer of the quoted packet was, before its own header is looked at.
struct QuotedPacket {
  QuotedSegment fields;  // without ports, sequence number and segment
  Bytes upper_layer;
  std::uint16_t fragment_offset = 0;
};

// A quote may be padded (RFC 4884 §5.1), so its own length ends it; but routers are known to write that length wrong,
// so it never takes away the promised eight bytes.
Bytes clip(Bytes upper_layer, std::size_t length) {
  return upper_layer.first(std::min(upper_layer.size(), std::max(length, kLeastQuote)));
}

std::optional<QuotedPacket> open_v4(Bytes quoted) {
  Reader reader(quoted);
  ParseError error{};
  const Ipv4Header header = parse_ipv4_header(reader, error);
  if (error != ParseError::none) return std::nullopt;
  QuotedPacket packet;
  packet.fields.source.address = header.source;
  packet.fields.destination.address = header.destination;
  packet.fields.protocol = header.protocol;
  packet.fields.time_to_live = header.time_to_live;
  packet.fields.dscp = header.dscp;
  packet.fields.ecn = header.ecn;
  packet.fields.identification = header.identification;
  packet.fields.dont_fragment = header.dont_fragment;
  packet.fields.segment_length =
      std::max<std::size_t>(header.total_length, header.header_length()) - header.header_length();
  packet.fragment_offset = header.fragment_offset;
  packet.upper_layer =
      header.total_length == 0 ? reader.rest() : clip(reader.rest(), header.total_length - header.header_length());
  return packet;
}

std::optional<QuotedPacket> open_v6(Bytes quoted) {
  Reader reader(quoted);
  ParseError error{};
  const Ipv6Header header = parse_ipv6_header(reader, error);
  if (error != ParseError::none) return std::nullopt;
  const std::size_t before = reader.left();
  const ExtensionWalk walk = walk_extension_headers(reader, header, error);
  if (error != ParseError::none) return std::nullopt;
  const std::size_t extensions = before - reader.left();
  QuotedPacket packet;
  packet.fields.source.address = walk.original_source;
  packet.fields.destination.address = walk.final_destination;
  packet.fields.protocol = walk.protocol;
  packet.fields.time_to_live = header.hop_limit;
  packet.fields.dscp = header.dscp;
  packet.fields.ecn = header.ecn;
  packet.fields.flow_label = header.flow_label;
  packet.fields.segment_length = header.payload_length - std::min<std::size_t>(header.payload_length, extensions);
  packet.fragment_offset = walk.fragment_offset;
  packet.upper_layer = clip(reader.rest(), packet.fields.segment_length);
  return packet;
}

// Nothing unless it is the beginning of a packet of that protocol.
std::optional<QuotedPacket> open_quote(Bytes quoted, Family family, std::uint8_t protocol) {
  std::optional<QuotedPacket> packet = family == Family::v4 ? open_v4(quoted) : open_v6(quoted);
  if (!packet || packet->fields.protocol != protocol || packet->fragment_offset != 0) return std::nullopt;
  return packet;
}

}  // namespace

std::optional<QuotedSegment> parse_quoted_tcp(Bytes quoted, Family family) {
  const std::optional<QuotedPacket> packet = open_quote(quoted, family, ip_protocol::tcp);
  if (!packet) return std::nullopt;
  QuotedSegment segment = packet->fields;
  Reader reader(packet->upper_layer);
  segment.source.port = reader.u16();
  segment.destination.port = reader.u16();
  segment.sequence = reader.u32();
  if (!reader.ok()) return std::nullopt;
  segment.segment = packet->upper_layer;
  return segment;
}

std::optional<QuotedEcho> parse_quoted_echo(Bytes quoted, Family family) {
  const bool v4 = family == Family::v4;
  const auto packet = open_quote(quoted, family, v4 ? ip_protocol::icmp : ip_protocol::icmpv6);
  if (!packet) return std::nullopt;
  Reader reader(packet->upper_layer);
  const std::uint8_t type = reader.u8();
  const std::uint8_t code = reader.u8();
  reader.skip(2);
  QuotedEcho echo;
  echo.destination = packet->fields.destination.address;
  echo.identifier = reader.u16();
  echo.sequence = reader.u16();
  const bool is_request = type == (v4 ? icmpv4::echo_request : icmpv6::echo_request) && code == 0;
  if (!reader.ok() || !is_request) return std::nullopt;
  return echo;
}

}  // namespace tcp::packet
