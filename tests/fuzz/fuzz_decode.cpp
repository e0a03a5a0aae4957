// SPDX-License-Identifier: MIT
// Two bytes of link type, then a frame.
#include "libtcp/packet/decode.hpp"
#include "libtcp/packet/flow_segment.hpp"
#include "libtcp/packet/notation.hpp"
#include "libtcp/packet/tunnel.hpp"
#include "tests/fuzz/require.hpp"

using namespace tcp::packet;
using tcp::fuzz::require;

namespace {

void check_views(const DecodedPacket& packet, Bytes frame) {
  require(tcp::fuzz::is_within(packet.network_bytes, frame));
  require(tcp::fuzz::is_within(packet.transport_bytes, packet.network_bytes));
  require(packet.transport_bytes.size() <= packet.transport_length || packet.transport_bytes.empty());
  if (const TcpSegmentView* segment = packet.tcp()) {
    require(tcp::fuzz::is_within(segment->options, packet.transport_bytes));
    require(tcp::fuzz::is_within(segment->payload, packet.transport_bytes));
    require(segment->payload.size() <= packet.tcp_payload_length());
  }
}

// A header that was read is written back as it was, and read again as the same.
template <class Header, class Parse>
void check_round_trip(const Header& header, Parse parse) {
  std::array<std::uint8_t, 64> buffer{};
  Writer writer(buffer);
  require(serialize(writer, header));
  Reader reader(writer.written());
  ParseError error{};
  Header again = parse(reader, error);
  if constexpr (requires { again.checksum; }) again.checksum = header.checksum;
  require(error == ParseError::none && again == header);
}

// What the short way reads, the long way reads as well.
void check_plain_segment(const DecodedPacket& packet, Bytes frame, LinkType link_type) {
  FlowSegment plain;
  if (!read_plain_segment(frame, link_type, plain, plain)) return;
  require(packet.tcp() != nullptr && tcp::fuzz::is_within(plain.options, frame));
  const FlowSegment full = to_flow_segment(packet);
  require(plain.family == full.family && plain.source == full.source && plain.destination == full.destination);
  require(plain.source_port == full.source_port && plain.destination_port == full.destination_port);
  require(plain.sequence == full.sequence && plain.acknowledgment == full.acknowledgment);
  require(plain.control_bits == full.control_bits && plain.payload_length == full.payload_length);
  require(plain.window == full.window && plain.checksum == full.checksum && plain.ecn == full.ecn);
  require(plain.identification == full.identification && plain.time_to_live == full.time_to_live);
  require(plain.options.size() == full.options.size());
}

void check_innermost(Bytes frame, LinkType link_type) {
  WayIn way;
  const DecodedPacket packet = decode_innermost(frame, link_type, way);
  check_views(packet, frame);
  require(way.tunnel_count <= kMaxTunnels);
  require(way.plain() ? way.flow_key() == 0 && to_string(way).empty() : way.flow_key() != 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader reader(Bytes(data, size));
  const auto link_type = static_cast<LinkType>(reader.u16());
  const DecodedPacket packet = decode(reader.rest(), link_type);
  check_views(packet, reader.rest());
  check_plain_segment(packet, reader.rest(), link_type);
  check_innermost(reader.rest(), link_type);
  (void)verify_transport_checksum(packet);
  if (const auto* header = std::get_if<Ipv4Header>(&packet.network)) check_round_trip(*header, parse_ipv4_header);
  if (const auto* header = std::get_if<Ipv6Header>(&packet.network)) check_round_trip(*header, parse_ipv6_header);
  if (const TcpSegmentView* segment = packet.tcp()) {
    ParseError error{};
    const TcpOptions options = parse_tcp_options(segment->options, error);
    require(!notation(segment->header, options, packet.tcp_payload_length()).empty());
  }
  return 0;
}
