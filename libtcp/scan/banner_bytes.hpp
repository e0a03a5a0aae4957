// SPDX-License-Identifier: MIT
// Numbers in the text of a server. The caller has checked that they are there.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tcp::scan {

[[nodiscard]] inline std::uint8_t byte_at(std::string_view text, std::size_t at) {
  assert(at < text.size());
  return static_cast<std::uint8_t>(text[at]);
}
[[nodiscard]] inline std::uint32_t big_endian_at(std::string_view text, std::size_t at, std::size_t size) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < size; ++i) number = number << 8 | byte_at(text, at + i);
  return number;
}
[[nodiscard]] inline std::uint32_t little_endian_at(std::string_view text, std::size_t at, std::size_t size) {
  std::uint32_t number = 0;
  for (std::size_t i = size; i > 0; --i) number = number << 8 | byte_at(text, at + i - 1);
  return number;
}

// Bytes with zeros among them: binary("\0\x01").
template <std::size_t kSize>
[[nodiscard]] constexpr std::string_view binary(const char (&text)[kSize]) {
  return {text, kSize - 1};
}

}  // namespace tcp::scan
