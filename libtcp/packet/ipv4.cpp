// SPDX-License-Identifier: MIT
#include "libtcp/packet/ipv4.hpp"

#include <algorithm>

#include "libtcp/packet/checksum.hpp"

namespace tcp::packet {
namespace {

constexpr std::uint16_t kDontFragment = 0x4000;
constexpr std::uint16_t kMoreFragments = 0x2000;
constexpr std::uint16_t kFragmentOffset = 0x1fff;
constexpr std::size_t kChecksumOffset = 10;

void split_fragment_word(std::uint16_t word, Ipv4Header& header) {
  header.dont_fragment = (word & kDontFragment) != 0;
  header.more_fragments = (word & kMoreFragments) != 0;
  header.fragment_offset = word & kFragmentOffset;
}

std::uint16_t join_fragment_word(const Ipv4Header& header) {
  unsigned word = header.fragment_offset & kFragmentOffset;
  if (header.dont_fragment) word |= kDontFragment;
  if (header.more_fragments) word |= kMoreFragments;
  return static_cast<std::uint16_t>(word);
}

constexpr std::size_t header_length_of(std::uint8_t version_and_length) {
  return std::size_t{4} * (version_and_length & 0x0f);
}

ParseError check_fixed_part(const Reader& reader, std::uint8_t version_and_length) {
  if (!reader.ok()) return ParseError::truncated;
  if (version_and_length >> 4 != 4) return ParseError::bad_version;
  return header_length_of(version_and_length) < kIpv4HeaderLength ? ParseError::bad_length : ParseError::none;
}

void parse_options(Reader& reader, std::size_t length, Ipv4Header& header) {
  const Bytes options = reader.take(length);
  std::ranges::copy(options, header.options.begin());
  header.options_length = static_cast<std::uint8_t>(options.size());
}

bool length_is_possible(const Ipv4Header& header) {
  return header.total_length == 0 || header.total_length >= header.header_length();
}

}  // namespace

Ipv4Header parse_ipv4_header(Reader& reader, ParseError& error) {
  Ipv4Header header;
  const std::uint8_t version_and_length = reader.u8();
  const std::uint8_t service = reader.u8();
  header.dscp = service >> 2;
  header.ecn = service & 3;
  header.total_length = reader.u16();
  header.identification = reader.u16();
  split_fragment_word(reader.u16(), header);
  header.time_to_live = reader.u8();
  header.protocol = reader.u8();
  header.checksum = reader.u16();
  header.source = IpAddress::v4(reader.u32());
  header.destination = IpAddress::v4(reader.u32());

  error = check_fixed_part(reader, version_and_length);
  if (error != ParseError::none) return header;
  parse_options(reader, header_length_of(version_and_length) - kIpv4HeaderLength, header);
  if (!reader.ok())
    error = ParseError::truncated;
  else if (!length_is_possible(header))
    error = ParseError::bad_length;
  return header;
}

bool serialize(Writer& writer, const Ipv4Header& header) {
  if (header.options_length > header.options.size() || header.options_length % 4 != 0) writer.fail();
  if (!writer.ok()) return false;
  const std::size_t start = writer.size();
  writer.u8(static_cast<std::uint8_t>(0x40 | header.header_length() / 4));
  writer.u8(static_cast<std::uint8_t>(header.dscp << 2 | (header.ecn & 3)));
  writer.u16(header.total_length);
  writer.u16(header.identification);
  writer.u16(join_fragment_word(header));
  writer.u8(header.time_to_live);
  writer.u8(header.protocol);
  writer.u16(0);
  writer.bytes(header.source.bytes().first(4));
  writer.bytes(header.destination.bytes().first(4));
  writer.bytes(Bytes(header.options).first(header.options_length));
  if (!writer.ok()) return false;
  writer.patch_u16(start + kChecksumOffset, ipv4_header_checksum(writer.written().subspan(start)));
  return true;
}

std::uint16_t ipv4_header_checksum(Bytes header) { return internet_checksum(header); }

}  // namespace tcp::packet
