// SPDX-License-Identifier: MIT
#include "libtcp/packet/flow_segment.hpp"

#include <bit>

namespace tcp::packet {
namespace {

constexpr std::size_t kEthernetHeader = 14;
constexpr std::size_t kPlainIpv6 = 40;
constexpr std::uint8_t kIpv4WithoutOptions = 0x45;

template <class T>
T load(const std::uint8_t* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::little) {
    if constexpr (sizeof(T) == 2) return static_cast<T>(__builtin_bswap16(value));
    if constexpr (sizeof(T) == 4) return static_cast<T>(__builtin_bswap32(value));
    if constexpr (sizeof(T) == 8) return static_cast<T>(__builtin_bswap64(value));
  }
  return value;
}

// `left`: what there is of the segment; `announced`: how long the IP header says that it is.
bool read_tcp(const std::uint8_t* at, std::size_t left, std::size_t announced, SegmentContent& content,
              FlowEnds& ends) noexcept {
  if (left < kTcpHeaderLength) return false;
  const std::uint16_t offset_and_bits = load<std::uint16_t>(at + 12);
  const std::size_t header = std::size_t{4} * (offset_and_bits >> 12);
  if (header < kTcpHeaderLength || header > left || header > announced) return false;
  ends.source_port = load<std::uint16_t>(at);
  ends.destination_port = load<std::uint16_t>(at + 2);
  content.sequence = load<std::uint32_t>(at + 4);
  content.acknowledgment = load<std::uint32_t>(at + 8);
  content.control_bits = offset_and_bits & 0x1ff;
  content.window = load<std::uint16_t>(at + 14);
  content.checksum = load<std::uint16_t>(at + 16);
  content.payload_length = static_cast<std::uint32_t>(announced - header);
  content.options = {at + kTcpHeaderLength, header - kTcpHeaderLength};
  return true;
}

bool read_ipv4(const std::uint8_t* at, std::size_t left, SegmentContent& content, FlowEnds& ends) noexcept {
  constexpr std::uint16_t kMoreFragmentsAndOffset = 0x3fff;
  if (left < kIpv4HeaderLength || at[0] != kIpv4WithoutOptions || at[9] != ip_protocol::tcp) return false;
  const std::size_t total = load<std::uint16_t>(at + 2);
  if ((load<std::uint16_t>(at + 6) & kMoreFragmentsAndOffset) != 0 || total < kIpv4HeaderLength) return false;
  content.family = Family::v4;
  ends.source = {0, load<std::uint32_t>(at + 12)};
  ends.destination = {0, load<std::uint32_t>(at + 16)};
  content.identification = load<std::uint16_t>(at + 4);
  content.time_to_live = at[8];
  content.ecn = at[1] & 3;
  return read_tcp(at + kIpv4HeaderLength, left - kIpv4HeaderLength, total - kIpv4HeaderLength, content, ends);
}

bool read_ipv6(const std::uint8_t* at, std::size_t left, SegmentContent& content, FlowEnds& ends) noexcept {
  if (left < kPlainIpv6 || at[0] >> 4 != 6 || at[6] != ip_protocol::tcp) return false;
  content.family = Family::v6;
  ends.source = {load<std::uint64_t>(at + 8), load<std::uint64_t>(at + 16)};
  ends.destination = {load<std::uint64_t>(at + 24), load<std::uint64_t>(at + 32)};
  content.identification = 0;
  content.time_to_live = at[7];
  content.ecn = at[1] >> 4 & 3;
  return read_tcp(at + kPlainIpv6, left - kPlainIpv6, load<std::uint16_t>(at + 4), content, ends);
}

}  // namespace

AddressNumber to_number(const IpAddress& address) noexcept {
  if (address.is_v4()) return {0, address.to_v4()};
  const std::uint8_t* bytes = address.bytes().data();
  return {load<std::uint64_t>(bytes), load<std::uint64_t>(bytes + 8)};
}

IpAddress to_address(const AddressNumber& number, Family family) noexcept {
  if (family == Family::v4) return IpAddress::v4(static_cast<std::uint32_t>(number.low));
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(number.high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<std::uint8_t>(number.low >> (56 - 8 * i));
  }
  return IpAddress::v6(bytes);
}

bool read_plain_segment(Bytes frame, LinkType link_type, SegmentContent& content, FlowEnds& ends) noexcept {
  if (link_type != LinkType::ethernet || frame.size() < kEthernetHeader) return false;
  const std::uint8_t* at = frame.data() + kEthernetHeader;
  const std::size_t left = frame.size() - kEthernetHeader;
  switch (load<std::uint16_t>(frame.data() + 12)) {
    case ethertype::ipv4: return read_ipv4(at, left, content, ends);
    case ethertype::ipv6: return read_ipv6(at, left, content, ends);
    default: return false;
  }
}

FlowSegment to_flow_segment(const DecodedPacket& packet) noexcept {
  FlowSegment segment;
  const TcpSegmentView& view = *packet.tcp();
  segment.family = packet.source.family();
  segment.source = to_number(packet.source);
  segment.destination = to_number(packet.destination);
  segment.source_port = view.header.source_port;
  segment.destination_port = view.header.destination_port;
  segment.sequence = view.header.sequence;
  segment.acknowledgment = view.header.acknowledgment;
  segment.payload_length = packet.tcp_payload_length();
  segment.control_bits = view.header.control_bits;
  segment.window = view.header.window;
  segment.checksum = view.header.checksum;
  segment.time_to_live = packet.time_to_live();
  segment.options = view.options;
  if (const auto* v4 = std::get_if<Ipv4Header>(&packet.network)) {
    segment.identification = v4->identification;
    segment.ecn = v4->ecn;
  } else if (const auto* v6 = std::get_if<Ipv6Header>(&packet.network)) {
    segment.ecn = v6->ecn;
  }
  return segment;
}

}  // namespace tcp::packet
