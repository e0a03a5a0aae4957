// SPDX-License-Identifier: MIT
#include "libtcp/packet/savefile_reader.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace tcp::packet {
namespace {

constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kBlockHeader = 8;   // type and length
constexpr std::size_t kBlockTrailer = 4;  // the length again
constexpr std::uint32_t kLargestBlock = 16 * 1024 * 1024;
constexpr std::size_t kMostInterfaces = 65536;
__extension__ using Wide = unsigned __int128;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::int64_t kLargestSeconds = 4'500'000'000;  // year 2112: the difference of two fits 64 bits of nanoseconds

constexpr std::uint32_t kMagicMicroseconds = 0xa1b2c3d4;
constexpr std::uint32_t kMagicNanoseconds = 0xa1b23c4d;
constexpr std::uint32_t kSectionHeader = 0x0a0d0d0a;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;

enum BlockType : std::uint32_t {
  interface_description = 1,
  obsolete_packet = 2,
  simple_packet = 3,
  enhanced_packet = 6
};
enum OptionCode : std::uint16_t { end_of_options = 0, timestamp_resolution = 9, timestamp_offset = 14 };

constexpr std::uint16_t kRaw = 101;

// LINKTYPE_RAW as systems number it in files of their own.
constexpr std::uint16_t canonical(std::uint16_t link_type) {
  return link_type == 12 || link_type == 14 ? kRaw : link_type;
}

std::uint32_t little(const std::uint8_t* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return std::endian::native == std::endian::little ? value : __builtin_bswap32(value);
}

constexpr std::size_t padded(std::size_t length) { return (length + 3) & ~std::size_t{3}; }

WallTime clamp_time(std::int64_t seconds, std::int64_t nanoseconds) {
  return WallTime(std::chrono::seconds(std::clamp(seconds, -kLargestSeconds, kLargestSeconds)) +
                  std::chrono::nanoseconds(nanoseconds));
}

}  // namespace

std::uint16_t SavefileReader::u16(const std::uint8_t* at) const noexcept {
  const auto low = static_cast<unsigned>(at[big_endian_ ? 1 : 0]);
  const auto high = static_cast<unsigned>(at[big_endian_ ? 0 : 1]);
  return static_cast<std::uint16_t>(high << 8 | low);
}

SavefileStep SavefileReader::read_file_header(Bytes available) {
  if (available.size() < 4) return want(4);
  const std::uint32_t magic = little(available.data());
  if (magic == kSectionHeader) {
    kind_ = Kind::pcapng;
    consumed_ = 0;
    return SavefileStep::skip;
  }
  const std::uint32_t swapped = __builtin_bswap32(magic);
  big_endian_ = swapped == kMagicMicroseconds || swapped == kMagicNanoseconds;
  const std::uint32_t native = big_endian_ ? swapped : magic;
  if (native != kMagicMicroseconds && native != kMagicNanoseconds) {
    return broken("it is neither pcap nor pcapng: it begins with other bytes than they do");
  }
  if (available.size() < kFileHeader) return want(kFileHeader);
  if (u16(available.data() + 4) != 2) return broken("a version of pcap other than 2");
  nanoseconds_ = native == kMagicNanoseconds;
  link_type_ = canonical(static_cast<std::uint16_t>(u32(available.data() + 20)));  // the upper half tells of checksums
  kind_ = Kind::pcap;
  consumed_ = kFileHeader;
  return SavefileStep::skip;
}

SavefileStep SavefileReader::next_block(Bytes available, SavefileFrame& frame) {
  if (kind_ == Kind::unknown) return read_file_header(available);
  if (available.size() < kBlockHeader + kBlockTrailer) return want(kBlockHeader + kBlockTrailer);
  const std::uint8_t* at = available.data();
  if (little(at) == kSectionHeader) return read_section_header(available);
  const std::uint32_t type = u32(at);
  const std::uint32_t length = u32(at + 4);
  if (length < kBlockHeader + kBlockTrailer || length % 4 != 0) return broken("a block with an impossible length");
  if (length > kLargestBlock) return broken("a block claims more than 16 MiB");
  if (available.size() < length) return want(length);
  if (u32(at + length - kBlockTrailer) != length) return broken("a block whose two lengths differ");
  consumed_ = length;
  const Bytes body = available.subspan(kBlockHeader, length - kBlockHeader - kBlockTrailer);
  switch (type) {
    case interface_description: return read_interface(body);
    case enhanced_packet:
    case obsolete_packet: return read_packet(type, body, frame);
    case simple_packet: return read_simple_packet(body, frame);
    default: return SavefileStep::skip;
  }
}

SavefileStep SavefileReader::read_section_header(Bytes block) {
  constexpr std::size_t kLeast = 28;
  if (block.size() < kLeast) return want(kLeast);
  const std::uint32_t order = little(block.data() + 8);
  if (order != kByteOrder && order != __builtin_bswap32(kByteOrder)) return broken("a section in no known byte order");
  big_endian_ = order != kByteOrder;
  if (u16(block.data() + 12) != 1) return broken("a version of pcapng other than 1");
  const std::uint32_t length = u32(block.data() + 4);
  if (length < kLeast || length % 4 != 0 || length > kLargestBlock)
    return broken("a section header of impossible length");
  if (block.size() < length) return want(length);
  interfaces_.clear();
  consumed_ = length;
  return SavefileStep::skip;
}

SavefileStep SavefileReader::read_interface(Bytes body) {
  if (body.size() < 8) return broken("an interface description that is too short");
  if (interfaces_.size() == kMostInterfaces) return broken("more than 65536 interfaces");
  Interface interface;
  interface.link_type = canonical(u16(body.data()));
  interface.snapshot_length = u32(body.data() + 4);
  read_interface_options(body.subspan(8), interface);
  interfaces_.push_back(interface);
  return SavefileStep::skip;
}

// Options are type, length, value; a list that breaks off ends there.
void SavefileReader::read_interface_options(Bytes options, Interface& interface) const {
  while (options.size() >= 4) {
    const std::uint16_t code = u16(options.data());
    const std::size_t length = u16(options.data() + 2);
    const std::size_t whole = 4 + padded(length);
    if (code == end_of_options || options.size() < whole) return;
    const std::uint8_t* value = options.data() + 4;
    if (code == timestamp_resolution && length >= 1) {
      const unsigned exponent = *value & 0x7fU;
      const bool binary = (*value & 0x80U) != 0;
      const unsigned most = binary ? 63 : 19;  // the largest power that 64 bits hold
      std::uint64_t ticks = 1;
      for (unsigned i = 0; i < std::min(exponent, most); ++i) ticks *= binary ? 2 : 10;
      interface.ticks_per_second = ticks;
    }
    if (code == timestamp_offset && length >= 8) {
      const std::uint64_t low = u32(value + (big_endian_ ? 4 : 0));
      const std::uint64_t high = u32(value + (big_endian_ ? 0 : 4));
      interface.offset_seconds = static_cast<std::int64_t>(high << 32 | low);
    }
    options = options.subspan(whole);
  }
}

WallTime SavefileReader::time_of(const Interface& interface, std::uint64_t ticks) const {
  const std::uint64_t per_second = interface.ticks_per_second;
  const std::uint64_t rest = ticks % per_second;
  const auto nanoseconds = static_cast<std::int64_t>(static_cast<Wide>(rest) * kNanosecondsPerSecond / per_second);
  const auto seconds = static_cast<std::int64_t>(std::min<std::uint64_t>(ticks / per_second, 2 * kLargestSeconds));
  const std::int64_t offset = std::clamp(interface.offset_seconds, -kLargestSeconds, kLargestSeconds);
  return clamp_time(seconds + offset, nanoseconds);
}

SavefileStep SavefileReader::read_packet(std::uint32_t type, Bytes body, SavefileFrame& frame) {
  constexpr std::size_t kFixed = 20;
  if (body.size() < kFixed) return broken("a packet block that is too short");
  const std::uint8_t* at = body.data();
  const std::size_t index = type == enhanced_packet ? u32(at) : u16(at);
  if (index >= interfaces_.size()) return broken("a packet of an interface that was not described");
  const Interface& interface = interfaces_[index];
  const std::uint32_t captured = u32(at + 12);
  if (captured > body.size() - kFixed) return broken("a packet that is longer than its block");
  frame.bytes = body.subspan(kFixed, captured);
  frame.original_length = std::max(u32(at + 16), captured);
  frame.time = time_of(interface, std::uint64_t{u32(at + 4)} << 32 | u32(at + 8));
  frame.link_type = interface.link_type;
  return SavefileStep::frame;
}

SavefileStep SavefileReader::read_simple_packet(Bytes body, SavefileFrame& frame) {
  if (body.size() < 4) return broken("a packet block that is too short");
  if (interfaces_.empty()) return broken("a packet of an interface that was not described");
  const Interface& interface = interfaces_.front();
  const std::uint32_t original = u32(body.data());
  std::size_t captured = std::min<std::size_t>(original, body.size() - 4);
  if (interface.snapshot_length != 0) captured = std::min<std::size_t>(captured, interface.snapshot_length);
  frame.bytes = body.subspan(4, captured);
  frame.original_length = std::max(original, static_cast<std::uint32_t>(captured));
  frame.time = WallTime{};
  frame.link_type = interface.link_type;
  return SavefileStep::frame;
}

}  // namespace tcp::packet
