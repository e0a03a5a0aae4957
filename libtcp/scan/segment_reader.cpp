// SPDX-License-Identifier: MIT
#include "libtcp/scan/segment_reader.hpp"

#include <array>

#include "libtcp/packet/ipv4.hpp"
#include "libtcp/packet/ipv6.hpp"

namespace tcp::scan {
namespace {

constexpr std::uint8_t kV4WithoutOptions = 0x45;
constexpr std::uint16_t kFragmentBits = 0x3fff;  // more to come, and the offset

// The two IP headers as far as they matter here.
struct PlainPacket {
  IpAddress source;
  IpAddress destination;
  std::uint8_t time_to_live = 0;
  packet::Bytes segment;
};

std::optional<PlainPacket> read_v4(packet::Bytes bytes) noexcept {
  packet::Reader reader(bytes);
  reader.skip(2);
  const std::uint16_t total_length = reader.u16();
  reader.skip(2);
  const std::uint16_t fragment = reader.u16();
  PlainPacket packet;
  packet.time_to_live = reader.u8();
  const std::uint8_t protocol = reader.u8();
  reader.skip(2);
  packet.source = IpAddress::v4(reader.u32());
  packet.destination = IpAddress::v4(reader.u32());
  const bool plain = reader.ok() && (fragment & kFragmentBits) == 0 && protocol == packet::ip_protocol::tcp &&
                     total_length >= packet::kIpv4HeaderLength && total_length <= bytes.size();
  if (!plain) return std::nullopt;
  packet.segment = bytes.subspan(packet::kIpv4HeaderLength, total_length - packet::kIpv4HeaderLength);
  return packet;
}

std::optional<PlainPacket> read_v6(packet::Bytes bytes) noexcept {
  packet::Reader reader(bytes);
  reader.skip(4);
  const std::uint16_t length = reader.u16();
  const std::uint8_t next_header = reader.u8();
  PlainPacket packet;
  packet.time_to_live = reader.u8();
  std::array<std::uint8_t, 16> source{};
  std::array<std::uint8_t, 16> destination{};
  reader.copy(source);
  reader.copy(destination);
  if (!reader.ok() || next_header != packet::ip_protocol::tcp || length > reader.left()) return std::nullopt;
  packet.source = IpAddress::v6(source);
  packet.destination = IpAddress::v6(destination);
  packet.segment = reader.take(length);
  return packet;
}

std::optional<PlainPacket> read_packet(packet::Bytes bytes) noexcept {
  if (bytes.empty()) return std::nullopt;
  if (bytes[0] == kV4WithoutOptions) return read_v4(bytes);
  if (bytes[0] >> 4 == 6) return read_v6(bytes);
  return std::nullopt;
}

void copy_header(const packet::TcpHeader& header, ReceivedSegment& segment) noexcept {
  segment.destination_port = header.destination_port;
  segment.sequence = header.sequence;
  segment.acknowledgment = header.acknowledgment;
  segment.control_bits = header.control_bits;
  segment.window = header.window;
}

}  // namespace

std::optional<ReceivedSegment> read_plain_segment(packet::Bytes packet, bool checksum_pending) noexcept {
  const auto plain = read_packet(packet);
  if (!plain) return std::nullopt;
  packet::ParseError error = packet::ParseError::none;
  const packet::TcpHeader header = packet::parse_tcp_segment(plain->segment, error).header;
  if (error != packet::ParseError::none) return std::nullopt;
  if (!checksum_pending && packet::tcp_checksum(plain->source, plain->destination, plain->segment) != 0) {
    return std::nullopt;
  }
  ReceivedSegment segment;
  copy_header(header, segment);
  segment.source = {plain->source, header.source_port};
  segment.time_to_live = plain->time_to_live;
  return segment;
}

std::optional<ReceivedSegment> to_segment(const packet::DecodedPacket& packet) noexcept {
  if (packet.tcp() == nullptr || packet.error != packet::ParseError::none) return std::nullopt;
  ReceivedSegment segment;
  copy_header(packet.tcp()->header, segment);
  segment.source = packet.source_endpoint();
  segment.time_to_live = packet.time_to_live();
  return segment;
}

}  // namespace tcp::scan
