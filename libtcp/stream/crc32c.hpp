// SPDX-License-Identifier: MIT
// CRC32c (Castagnoli; RFC 9260, appendix A).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tcp::stream {

class Crc32c {
 public:
  void add(std::span<const std::byte> bytes) noexcept {
    for (const std::byte byte : bytes) {
      state_ ^= std::to_integer<std::uint32_t>(byte);
      for (int bit = 0; bit < 8; ++bit) state_ = (state_ >> 1U) ^ ((state_ & 1U) != 0 ? kPolynomial : 0U);
    }
  }
  [[nodiscard]] std::uint32_t value() const noexcept { return ~state_; }

 private:
  static constexpr std::uint32_t kPolynomial = 0x82f63b78;  // reflected
  std::uint32_t state_ = 0xffffffff;
};

}  // namespace tcp::stream
