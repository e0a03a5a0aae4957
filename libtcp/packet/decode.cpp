// SPDX-License-Identifier: MIT
#include "libtcp/packet/decode.hpp"

#include <algorithm>

#include "libtcp/packet/checksum.hpp"
#include "libtcp/packet/link_layer.hpp"

namespace tcp::packet {
namespace {

// How much of the packet there is against how much its own length announces.
struct Extent {
  std::size_t length = 0;  // of the network packet, as it says itself
  bool whole = false;      // all of it was captured
};

// Ethernet pads short frames and captures cut long ones: keep what belongs to the packet.
Extent clip_to(DecodedPacket& packet, std::size_t announced) {
  const std::size_t captured = packet.network_bytes.size();
  packet.network_bytes = packet.network_bytes.first(std::min(captured, announced));
  return {announced, captured >= announced};
}

void decode_tcp(DecodedPacket& packet) {
  const TcpSegmentView segment = parse_tcp_segment(packet.transport_bytes, packet.error);
  const bool cut = packet.error == ParseError::truncated && packet.transport_bytes.size() >= kTcpHeaderLength;
  if (packet.error == ParseError::none || cut) packet.transport = segment;
}

void decode_icmp(DecodedPacket& packet, Family family) {
  const IcmpView view = parse_icmp(packet.transport_bytes, family, packet.error);
  if (packet.error == ParseError::none) packet.transport = view;
}

// ICMP belongs to IPv4 and ICMPv6 to IPv6 alone.
void decode_upper_layer(DecodedPacket& packet) {
  const bool v4 = std::holds_alternative<Ipv4Header>(packet.network);
  if (packet.protocol == ip_protocol::tcp) {
    decode_tcp(packet);
  } else if (packet.protocol == (v4 ? ip_protocol::icmp : ip_protocol::icmpv6)) {
    decode_icmp(packet, v4 ? Family::v4 : Family::v6);
  } else {
    packet.error = ParseError::unsupported;
  }
}

// A header that does not fit into a packet that is all there is a contradiction, not a short capture. In a fragment it
// may go on in the next one.
void tell_lie_from_cut(DecodedPacket& packet, const Extent& extent) {
  if (packet.error != ParseError::truncated || !extent.whole || packet.is_fragment) return;
  packet.error = ParseError::bad_length;
  packet.transport = std::monostate();
}

// `reader` stands behind the IP headers.
void decode_transport(DecodedPacket& packet, const Reader& reader, const Extent& extent,
                      std::uint16_t fragment_offset) {
  const std::size_t headers = packet.network_bytes.size() - reader.left();
  packet.transport_bytes = reader.rest();
  packet.transport_length = static_cast<std::uint32_t>(extent.length - headers);
  packet.is_later_fragment = fragment_offset != 0;
  if (packet.is_later_fragment) return;
  decode_upper_layer(packet);
  tell_lie_from_cut(packet, extent);
}

void decode_ipv4(DecodedPacket& packet) {
  Reader header_reader(packet.network_bytes);
  const Ipv4Header header = parse_ipv4_header(header_reader, packet.error);
  if (packet.error != ParseError::none) return;
  packet.network = header;
  packet.protocol = header.protocol;
  packet.is_fragment = header.is_fragment();
  packet.source = header.source;
  packet.destination = header.destination;
  const bool offloaded = header.total_length == 0;
  const Extent extent = clip_to(packet, offloaded ? packet.network_bytes.size() : header.total_length);
  Reader reader(packet.network_bytes);
  reader.skip(header.header_length());
  decode_transport(packet, reader, extent, header.fragment_offset);
}

// A jumbogram (RFC 2675) has no length here and a hop-by-hop header: what was captured has to do.
std::size_t announced_length(const Ipv6Header& header, std::size_t captured) {
  const bool jumbo = header.payload_length == 0 && header.next_header == ip_protocol::hop_by_hop;
  return jumbo ? captured : kIpv6HeaderLength + header.payload_length;
}

void decode_ipv6(DecodedPacket& packet) {
  Reader header_reader(packet.network_bytes);
  const Ipv6Header header = parse_ipv6_header(header_reader, packet.error);
  if (packet.error != ParseError::none) return;
  packet.network = header;
  const Extent extent = clip_to(packet, announced_length(header, packet.network_bytes.size()));
  Reader reader(packet.network_bytes);
  reader.skip(kIpv6HeaderLength);
  const ExtensionWalk walk = walk_extension_headers(reader, header, packet.error);
  packet.protocol = walk.protocol;
  packet.is_fragment = walk.is_fragment;
  packet.source = walk.original_source;
  packet.destination = walk.final_destination;
  if (packet.error == ParseError::none)
    decode_transport(packet, reader, extent, walk.fragment_offset);
  else
    tell_lie_from_cut(packet, extent);
}

void decode_network(DecodedPacket& packet, NetworkKind kind) {
  const unsigned version = packet.network_bytes.empty() ? 0 : packet.network_bytes.front() >> 4;
  if (kind == NetworkKind::ipv4 || (kind == NetworkKind::by_version && version == 4)) return decode_ipv4(packet);
  if (kind == NetworkKind::ipv6 || (kind == NetworkKind::by_version && version == 6)) return decode_ipv6(packet);
  packet.error = packet.network_bytes.empty() ? ParseError::truncated : ParseError::bad_version;
}

// The whole message is there and carries a checksum that this library understands.
bool can_verify(const DecodedPacket& packet) {
  const bool has_transport = !std::holds_alternative<std::monostate>(packet.transport);
  return packet.error == ParseError::none && has_transport && !packet.is_fragment &&
         packet.transport_bytes.size() == packet.transport_length;
}

}  // namespace

std::uint8_t DecodedPacket::time_to_live() const noexcept {
  if (const auto* v4 = std::get_if<Ipv4Header>(&network)) return v4->time_to_live;
  if (const auto* v6 = std::get_if<Ipv6Header>(&network)) return v6->hop_limit;
  return 0;
}

Endpoint DecodedPacket::source_endpoint() const noexcept {
  return {source, tcp() != nullptr ? tcp()->header.source_port : std::uint16_t{0}};
}

Endpoint DecodedPacket::destination_endpoint() const noexcept {
  return {destination, tcp() != nullptr ? tcp()->header.destination_port : std::uint16_t{0}};
}

std::uint32_t DecodedPacket::tcp_payload_length() const noexcept {
  if (tcp() == nullptr) return 0;
  const std::uint32_t header_length = 4U * tcp()->header.data_offset;
  return transport_length - std::min(transport_length, header_length);
}

DecodedPacket decode(Bytes frame, LinkType link_type) {
  const LinkLayer link = parse_link_layer(frame, link_type);
  DecodedPacket packet;
  packet.error = link.error;
  packet.tags = link.tags;
  if (link.error != ParseError::none) return packet;
  packet.network_bytes = link.payload;
  decode_network(packet, link.network);
  return packet;
}

DecodedPacket decode_ip(Bytes packet) { return decode(packet, LinkType::raw); }

ChecksumState verify_transport_checksum(const DecodedPacket& packet) {
  if (!can_verify(packet)) return ChecksumState::unknown;
  Checksum checksum;
  if (!(packet.icmp() != nullptr && packet.source.is_v4())) {
    checksum.add_pseudo_header(packet.source, packet.destination, packet.protocol, packet.transport_length);
  }
  checksum.add(packet.transport_bytes);
  return checksum.finish() == 0 ? ChecksumState::good : ChecksumState::bad;
}

}  // namespace tcp::packet
