// SPDX-License-Identifier: MIT
#include "libtcp/base/escape.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "libtcp/base/ascii.hpp"

namespace tcp {
namespace {

constexpr std::array<std::pair<char, char>, 6> kNamed{
    {{'r', '\r'}, {'n', '\n'}, {'t', '\t'}, {'e', '\x1b'}, {'0', '\0'}, {'\\', '\\'}}};
constexpr std::string_view kDigits = "0123456789abcdef";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The byte that begins after a backslash, taken off the front of `text`.
std::optional<char> take_escaped(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const char name = text.front();
  text.remove_prefix(1);
  if (name == 'x') {
    const auto byte = hex_byte(text);
    if (!byte) return std::nullopt;
    text.remove_prefix(2);
    return static_cast<char>(*byte);
  }
  if (name == '0' && !text.empty() && is_digit(text.front())) return std::nullopt;  // octal, for those who know it
  const auto* const found = std::ranges::find(kNamed, name, &std::pair<char, char>::first);
  return found == kNamed.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

Result<std::string> parse_escapes(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size());
  while (!text.empty()) {
    if (text.front() != '\\') {
      bytes += text.front();
      text.remove_prefix(1);
      continue;
    }
    const std::string_view from = text;
    text.remove_prefix(1);
    const auto byte = take_escaped(text);
    if (!byte) {
      return usage_error("'" + std::string(from.substr(0, 4)) + "'",
                         "no escape; known are \\r \\n \\t \\e \\0 \\\\ \\xHH");
    }
    bytes += *byte;
  }
  return bytes;
}

std::string escape(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    const auto* const named = std::ranges::find(kNamed, byte, &std::pair<char, char>::second);
    if (byte == '\0') {
      text += "\\x00";  // whatever digit follows
    } else if (named != kNamed.end()) {
      text += {'\\', named->first};
    } else if (byte >= ' ' && byte <= '~') {
      text += byte;
    } else {
      const auto value = static_cast<unsigned char>(byte);
      text += {'\\', 'x', kDigits[value >> 4U], kDigits[value & 0xfU]};
    }
  }
  return text;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != '%') {
      plain += c;
      continue;
    }
    const auto byte = hex_byte(text);
    if (!byte) return std::nullopt;
    text.remove_prefix(2);
    plain += static_cast<char>(*byte);
  }
  return plain;
}

}  // namespace tcp
