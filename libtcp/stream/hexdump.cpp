// SPDX-License-Identifier: MIT
#include "libtcp/stream/hexdump.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace tcp::stream {
namespace {

constexpr std::size_t kBytesPerLine = 16;
constexpr std::string_view kDigits = "0123456789abcdef";

char printable(std::byte byte) {
  const auto character = static_cast<char>(byte);
  return character >= ' ' && character <= '~' ? character : '.';
}

void append_hex(std::string& text, std::span<const std::byte> bytes) {
  for (std::size_t i = 0; i < kBytesPerLine; ++i) {
    if (i == kBytesPerLine / 2) text += ' ';
    if (i < bytes.size()) {
      const auto value = std::to_integer<unsigned>(bytes[i]);
      text += {kDigits[value >> 4], kDigits[value & 15], ' '};
    } else {
      text += "   ";
    }
  }
}

void append_line(std::string& text, char mark, std::uint64_t offset, std::span<const std::byte> bytes) {
  fmt::format_to(std::back_inserter(text), "{} {:08x}  ", mark, offset);
  append_hex(text, bytes);
  text += " |";
  std::ranges::transform(bytes, std::back_inserter(text), printable);
  text += "|\n";
}

}  // namespace

void append_hexdump(std::string& text, char mark, std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto line = bytes.first(std::min(bytes.size(), kBytesPerLine));
    append_line(text, mark, offset, line);
    offset += line.size();
    bytes = bytes.subspan(line.size());
  }
}

}  // namespace tcp::stream
