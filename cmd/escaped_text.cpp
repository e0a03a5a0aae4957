// SPDX-License-Identifier: MIT
#include "cmd/escaped_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <utility>

namespace tcp::cmd {

Result<std::vector<std::uint8_t>> parse_escaped(std::string_view text) {
  constexpr std::array kEscapes{std::pair{'r', '\r'}, std::pair{'n', '\n'}, std::pair{'t', '\t'}, std::pair{'0', '\0'},
                                std::pair{'\\', '\\'}};
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes.push_back(static_cast<std::uint8_t>(text[i]));
      continue;
    }
    const char kind = i + 1 < text.size() ? text[i + 1] : ' ';
    const auto* const row = std::ranges::find(kEscapes, kind, &std::pair<char, char>::first);
    unsigned value = 0;
    if (row != kEscapes.end()) {
      bytes.push_back(static_cast<std::uint8_t>(row->second));
      i += 1;
      continue;
    }
    const char* const digits = text.data() + std::min(i + 2, text.size());
    const char* const end = text.data() + std::min(i + 4, text.size());
    if (kind != 'x' || end - digits != 2 || std::from_chars(digits, end, value, 16).ptr != end) {
      return usage_error("'" + std::string(text.substr(i, 4)) + "'", "must be \\r, \\n, \\t, \\0, \\\\ or \\xHH");
    }
    bytes.push_back(static_cast<std::uint8_t>(value));
    i += 3;
  }
  return bytes;
}

}  // namespace tcp::cmd
