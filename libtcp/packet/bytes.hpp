// SPDX-License-Identifier: MIT
// Bounded reading and writing of network byte order. Both carry a sticky error, so that a header is read in one go and
// checked once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace tcp::packet {

using Bytes = std::span<const std::uint8_t>;

// Why bytes are not the packet they claim to be. One byte, so that a malformed packet costs nothing.
enum class ParseError : std::uint8_t {
  none,
  truncated,    // the bytes end before the header does (a short capture or a lie)
  bad_length,   // a length field contradicts itself or its surroundings
  bad_version,  // an IP version other than the one announced
  unsupported,  // a link type, ethertype or protocol that is not looked into
  too_deep,     // more nested headers than are followed
};

[[nodiscard]] std::string_view to_string(ParseError error);

class Reader {
 public:
  explicit constexpr Reader(Bytes bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] constexpr bool ok() const noexcept { return !failed_; }
  [[nodiscard]] constexpr Bytes rest() const noexcept { return rest_; }
  [[nodiscard]] constexpr std::size_t left() const noexcept { return rest_.size(); }
  constexpr void fail() noexcept { failed_ = true; }

  // After an overrun every read gives zero and ok() is false.
  constexpr std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(number<1>()); }
  constexpr std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(number<2>()); }
  constexpr std::uint32_t u24() noexcept { return static_cast<std::uint32_t>(number<3>()); }
  constexpr std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(number<4>()); }
  constexpr std::uint64_t u64() noexcept { return number<8>(); }

  constexpr Bytes take(std::size_t count) noexcept {
    if (failed_ || count > rest_.size()) {
      failed_ = true;
      return {};
    }
    const Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  constexpr void skip(std::size_t count) noexcept { (void)take(count); }
  template <std::size_t N>
  constexpr void copy(std::array<std::uint8_t, N>& to) noexcept {
    const Bytes taken = take(N);
    for (std::size_t i = 0; i < taken.size(); ++i) to[i] = taken[i];
  }

 private:
  // A constant width lets the compiler make one load and a byte swap of the loop.
  template <std::size_t Width>
  constexpr std::uint64_t number() noexcept {
    if (failed_ || rest_.size() < Width) {
      failed_ = true;
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < Width; ++i) value = value << 8 | rest_[i];
    rest_ = rest_.subspan(Width);
    return value;
  }

  Bytes rest_;
  bool failed_ = false;
};

class Writer {
 public:
  explicit constexpr Writer(std::span<std::uint8_t> buffer) noexcept : buffer_(buffer) {}

  [[nodiscard]] constexpr bool ok() const noexcept { return !failed_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr std::span<std::uint8_t> written() const noexcept { return buffer_.first(size_); }
  constexpr void fail() noexcept { failed_ = true; }

  constexpr void u8(std::uint8_t value) noexcept { number(value, 1); }
  constexpr void u16(std::uint16_t value) noexcept { number(value, 2); }
  constexpr void u24(std::uint32_t value) noexcept { number(value, 3); }
  constexpr void u32(std::uint32_t value) noexcept { number(value, 4); }
  constexpr void u64(std::uint64_t value) noexcept { number(value, 8); }
  // All of `data` or, when it does not fit, nothing of it.
  constexpr void bytes(Bytes data) noexcept {
    if (failed_ || data.size() > buffer_.size() - size_) {
      failed_ = true;
      return;
    }
    for (const std::uint8_t byte : data) buffer_[size_++] = byte;
  }
  // Overwrites two bytes written before (a checksum or a length known late).
  constexpr void patch_u16(std::size_t offset, std::uint16_t value) noexcept {
    if (failed_ || offset + 2 > size_) return;
    buffer_[offset] = static_cast<std::uint8_t>(value >> 8);
    buffer_[offset + 1] = static_cast<std::uint8_t>(value);
  }

 private:
  constexpr void number(std::uint64_t value, std::size_t width) noexcept {
    if (failed_ || width > buffer_.size() - size_) {
      failed_ = true;
      return;
    }
    for (std::size_t i = width; i-- > 0;) buffer_[size_++] = static_cast<std::uint8_t>(value >> (8 * i));
  }

  std::span<std::uint8_t> buffer_;
  std::size_t size_ = 0;
  bool failed_ = false;
};

}  // namespace tcp::packet
