// SPDX-License-Identifier: MIT
// Netlink's fixed structs and small values out of bytes that nothing is known about, host byte order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>

namespace tcp::net {

// False when there are too few bytes; then `value` is untouched. The bytes need not be aligned.
template <class T>
  requires std::is_trivially_copyable_v<T>
[[nodiscard]] bool read_struct(std::span<const std::uint8_t> bytes, T& value) noexcept {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  return true;
}

// What follows `length` bytes and their padding to four.
[[nodiscard]] inline std::span<const std::uint8_t> skip_aligned(std::span<const std::uint8_t> bytes,
                                                                std::size_t length) noexcept {
  return bytes.subspan(std::min((length + 3) & ~std::size_t{3}, bytes.size()));
}

// A string attribute, up to its first NUL.
[[nodiscard]] inline std::string to_text(std::span<const std::uint8_t> bytes) {
  return {bytes.begin(), std::ranges::find(bytes, std::uint8_t{0})};
}

}  // namespace tcp::net
