// SPDX-License-Identifier: MIT
#include "libtcp/packet/tcp_header.hpp"

#include "libtcp/packet/checksum.hpp"
#include "libtcp/packet/ipv4.hpp"

namespace tcp::packet {
namespace {

constexpr std::uint16_t kControlBits = 0x1ff;

void split_offset_word(std::uint16_t word, TcpHeader& header) {
  header.data_offset = static_cast<std::uint8_t>(word >> 12);
  header.reserved = word >> 9 & 7;
  header.control_bits = word & kControlBits;
}

std::uint16_t join_offset_word(const TcpHeader& header, std::size_t header_length) {
  return static_cast<std::uint16_t>(header_length / 4 << 12 | (header.reserved & 7U) << 9 |
                                    (header.control_bits & kControlBits));
}

}  // namespace

TcpSegmentView parse_tcp_segment(Bytes bytes, ParseError& error) {
  Reader reader(bytes);
  TcpSegmentView segment;
  TcpHeader& header = segment.header;
  header.source_port = reader.u16();
  header.destination_port = reader.u16();
  header.sequence = reader.u32();
  header.acknowledgment = reader.u32();
  split_offset_word(reader.u16(), header);
  header.window = reader.u16();
  header.checksum = reader.u16();
  header.urgent_pointer = reader.u16();
  error = ParseError::truncated;
  if (!reader.ok()) return segment;

  error = ParseError::bad_length;
  const std::size_t header_length = std::size_t{4} * header.data_offset;
  if (header_length < kTcpHeaderLength) return segment;

  const std::size_t options_length = header_length - kTcpHeaderLength;
  const bool whole = options_length <= reader.left();
  segment.options = reader.take(whole ? options_length : reader.left());
  segment.payload = reader.rest();
  error = whole ? ParseError::none : ParseError::truncated;
  return segment;
}

bool serialize(Writer& writer, const TcpHeader& header, const TcpOptions& options, Bytes payload) {
  std::array<std::uint8_t, kMaxTcpOptionsLength> buffer{};
  Writer option_writer(buffer);
  if (!serialize(option_writer, options)) writer.fail();
  const std::size_t padded = (option_writer.size() + 3) / 4 * 4;
  writer.u16(header.source_port);
  writer.u16(header.destination_port);
  writer.u32(header.sequence);
  writer.u32(header.acknowledgment);
  writer.u16(join_offset_word(header, kTcpHeaderLength + padded));
  writer.u16(header.window);
  writer.u16(header.checksum);
  writer.u16(header.urgent_pointer);
  writer.bytes(Bytes(buffer).first(padded));
  writer.bytes(payload);
  return writer.ok();
}

std::uint16_t tcp_checksum(const IpAddress& source, const IpAddress& destination, Bytes segment) {
  Checksum checksum;
  checksum.add_pseudo_header(source, destination, ip_protocol::tcp, static_cast<std::uint32_t>(segment.size()));
  checksum.add(segment);
  return checksum.finish();
}

}  // namespace tcp::packet
