// SPDX-License-Identifier: MIT
// Two bytes of link type, then a frame.
#include "libtcp/packet/decode.hpp"
#include "libtcp/packet/notation.hpp"
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader reader(Bytes(data, size));
  const auto link_type = static_cast<LinkType>(reader.u16());
  const DecodedPacket packet = decode(reader.rest(), link_type);
  check_views(packet, reader.rest());
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
