// SPDX-License-Identifier: MIT
// What the codec needs to know of a received TCP segment, and the short way to it: most answers are whole, not
// fragmented and without extension headers, and for them the fields lie at fixed places.
#pragma once

#include <cstdint>
#include <optional>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/packet/bytes.hpp"
#include "libtcp/packet/decode.hpp"

namespace tcp::scan {

struct ReceivedSegment {
  Endpoint source;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint16_t control_bits = 0;
  std::uint16_t window = 0;
  std::uint8_t time_to_live = 0;

  [[nodiscard]] bool has(std::uint16_t bits) const noexcept { return (control_bits & bits) == bits; }
};

// Nothing when the packet is no such segment, or its checksum is wrong and `checksum_pending` does not excuse it: let
// packet::decode_ip() see it.
[[nodiscard]] std::optional<ReceivedSegment> read_plain_segment(packet::Bytes packet, bool checksum_pending) noexcept;

// The same out of a decoded packet. Nothing when it is no segment that was decoded without an error.
[[nodiscard]] std::optional<ReceivedSegment> to_segment(const packet::DecodedPacket& packet) noexcept;

}  // namespace tcp::scan
