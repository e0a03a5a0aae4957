// SPDX-License-Identifier: MIT
// What a follower of many connections needs of each TCP segment, and the short way to it: most frames are Ethernet, IP
// without options or extension headers, and TCP, and their fields stand at fixed places.
#pragma once

#include <cstdint>

#include "libtcp/packet/decode.hpp"

namespace tcp::packet {

// An address as two numbers, for comparing and hashing. IPv4: `high` is 0.
struct AddressNumber {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const AddressNumber&, const AddressNumber&) = default;
  friend auto operator<=>(const AddressNumber&, const AddressNumber&) = default;
};

[[nodiscard]] AddressNumber to_number(const IpAddress& address) noexcept;
[[nodiscard]] IpAddress to_address(const AddressNumber& number, Family family) noexcept;

// What a segment says, without where it comes from and goes to.
struct SegmentContent {
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint32_t payload_length = 0;  // as sent
  std::uint16_t control_bits = 0;
  std::uint16_t window = 0;
  std::uint16_t checksum = 0;
  std::uint16_t identification = 0;  // IPv4, otherwise 0
  std::uint8_t time_to_live = 0;
  std::uint8_t ecn = 0;
  Family family = Family::v4;
  Bytes options;  // raw; a view into the frame

  [[nodiscard]] constexpr bool has(std::uint16_t bits) const noexcept { return (control_bits & bits) == bits; }
};

struct FlowEnds {
  AddressNumber source;
  AddressNumber destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
};

struct FlowSegment : SegmentContent, FlowEnds {};

// False for every frame that is not as simple as that: decode it the long way. Both are then undefined.
[[nodiscard]] bool read_plain_segment(Bytes frame, LinkType link_type, SegmentContent& content,
                                      FlowEnds& ends) noexcept;

// The same of a decoded packet that has a TCP segment.
[[nodiscard]] FlowSegment to_flow_segment(const DecodedPacket& packet) noexcept;

}  // namespace tcp::packet
