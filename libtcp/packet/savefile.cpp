// SPDX-License-Identifier: MIT
#include "libtcp/packet/savefile.hpp"

#include <algorithm>

namespace tcp::packet {
namespace {

constexpr std::uint32_t kSnapshotLength = 262144;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

constexpr std::uint32_t kSectionHeader = 0x0A0D0D0A;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1A2B3C4D;
constexpr std::uint32_t kBlockOverhead = 12;  // type, and the length at either end
constexpr std::uint16_t kOptionApplication = 4;
constexpr std::uint16_t kOptionTimeResolution = 9;
constexpr char kNanoseconds = 9;  // a negative power of ten

constexpr std::uint32_t kPcapNanosecondMagic = 0xA1B23C4D;

void put(std::string& out, std::uint64_t value, unsigned width) {
  for (unsigned i = 0; i < width; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}
void put_u16(std::string& out, std::uint16_t value) { put(out, value, 2); }
void put_u32(std::string& out, std::uint32_t value) { put(out, value, 4); }

// To the next multiple of 32 bits.
void pad(std::string& out, std::size_t length) { out.append((4 - length % 4) % 4, '\0'); }

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

void append_option(std::string& body, std::uint16_t code, std::string_view value) {
  put_u16(body, code);
  put_u16(body, static_cast<std::uint16_t>(value.size()));
  body += value;
  pad(body, value.size());
}

void end_options(std::string& body) { put_u32(body, 0); }

void append_block(std::string& out, std::uint32_t type, std::string_view body) {
  const auto length = static_cast<std::uint32_t>(body.size() + kBlockOverhead);
  put_u32(out, type);
  put_u32(out, length);
  out += body;
  put_u32(out, length);
}

std::string section_header(std::string_view application) {
  std::string body;
  put_u32(body, kByteOrderMagic);
  put_u16(body, 1);  // version 1.0
  put_u16(body, 0);
  put(body, ~std::uint64_t{0}, 8);  // the section's length: not known
  append_option(body, kOptionApplication, application);
  end_options(body);
  return body;
}

std::string interface_description(LinkType link_type) {
  std::string body;
  put_u16(body, static_cast<std::uint16_t>(link_type));
  put_u16(body, 0);
  put_u32(body, kSnapshotLength);
  append_option(body, kOptionTimeResolution, std::string_view(&kNanoseconds, 1));
  end_options(body);
  return body;
}

std::string pcapng_header(LinkType link_type, std::string_view application) {
  std::string out;
  append_block(out, kSectionHeader, section_header(application.substr(0, 64)));
  append_block(out, kInterfaceDescription, interface_description(link_type));
  return out;
}

std::string pcap_header(LinkType link_type) {
  std::string out;
  put_u32(out, kPcapNanosecondMagic);
  put_u16(out, 2);  // version 2.4
  put_u16(out, 4);
  put(out, 0, 8);  // time zone and accuracy, both always zero
  put_u32(out, kSnapshotLength);
  put_u32(out, static_cast<std::uint32_t>(link_type));
  return out;
}

void append_pcapng_packet(std::string& out, std::uint64_t nanoseconds, Bytes packet, std::uint32_t original) {
  std::string body;
  body.reserve(packet.size() + 24);
  put_u32(body, 0);  // the only interface
  put_u32(body, static_cast<std::uint32_t>(nanoseconds >> 32));
  put_u32(body, static_cast<std::uint32_t>(nanoseconds));
  put_u32(body, static_cast<std::uint32_t>(packet.size()));
  put_u32(body, original);
  body += text_of(packet);
  pad(body, packet.size());
  append_block(out, kEnhancedPacket, body);
}

void append_pcap_packet(std::string& out, std::uint64_t nanoseconds, Bytes packet, std::uint32_t original) {
  put_u32(out, static_cast<std::uint32_t>(nanoseconds / kNanosecondsPerSecond));
  put_u32(out, static_cast<std::uint32_t>(nanoseconds % kNanosecondsPerSecond));
  put_u32(out, static_cast<std::uint32_t>(packet.size()));
  put_u32(out, original);
  out += text_of(packet);
}

}  // namespace

std::string savefile_header(SavefileFormat format, LinkType link_type, std::string_view application) {
  return format == SavefileFormat::pcapng ? pcapng_header(link_type, application) : pcap_header(link_type);
}

void append_savefile_packet(std::string& out, SavefileFormat format, WallTime time, Bytes packet,
                            std::uint32_t original_length) {
  const std::uint32_t original = std::max(original_length, static_cast<std::uint32_t>(packet.size()));
  const auto nanoseconds = static_cast<std::uint64_t>(std::max(time.time_since_epoch(), Duration()).count());
  if (format == SavefileFormat::pcapng) {
    append_pcapng_packet(out, nanoseconds, packet, original);
  } else {
    append_pcap_packet(out, nanoseconds, packet, original);
  }
}

}  // namespace tcp::packet
