// SPDX-License-Identifier: MIT
// Sequence numbers compare modulo 2^32 (RFC 9293 §3.4).
#pragma once

#include <cstdint>

namespace tcp::packet {

[[nodiscard]] constexpr bool sequence_before(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a - b) < 0;
}
[[nodiscard]] constexpr bool sequence_before_or_at(std::uint32_t a, std::uint32_t b) noexcept {
  return static_cast<std::int32_t>(a - b) <= 0;
}
// first <= sequence < first + length
[[nodiscard]] constexpr bool sequence_in_window(std::uint32_t sequence, std::uint32_t first,
                                                std::uint32_t length) noexcept {
  return sequence - first < length;
}

}  // namespace tcp::packet
