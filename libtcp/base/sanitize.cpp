// SPDX-License-Identifier: MIT
#include "libtcp/base/sanitize.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

namespace tcp {
namespace {

struct CodePoint {
  char32_t value;
  std::size_t bytes;
};

// The code point at the front of `text`, or nothing when it is not well-formed UTF-8 (RFC 3629: no overlong forms, no
// surrogates, at most U+10FFFF).
std::optional<CodePoint> decode_utf8(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return CodePoint{lead, 1};
  const std::size_t length = lead >= 0xf0 && lead < 0xf5   ? 4
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                                                           : 0;
  if (length == 0 || text.size() < length) return std::nullopt;
  char32_t value = static_cast<char32_t>(lead & (0x7fU >> length));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return std::nullopt;
    value = value << 6 | (byte & 0x3fU);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (overlong || surrogate || value > 0x10ffff) return std::nullopt;
  return CodePoint{value, length};
}

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }

// Characters that reorder or hide what is around them (Unicode TR 36 §3.1).
bool is_deceptive(char32_t c) {
  return c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

template <class Emit>
std::string transform(std::string_view text, Emit emit) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const auto point = decode_utf8(text);
    if (!point) {
      result += "\xef\xbf\xbd";
      text.remove_prefix(1);
      continue;
    }
    emit(result, *point, text.substr(0, point->bytes));
    text.remove_prefix(point->bytes);
  }
  return result;
}

}  // namespace

std::string to_valid_utf8(std::string_view text) {
  return transform(text, [](std::string& to, CodePoint, std::string_view bytes) { to += bytes; });
}

std::string sanitize(std::string_view text) {
  return transform(text, [](std::string& to, CodePoint point, std::string_view bytes) {
    if (is_control(point.value)) {
      to += fmt::format("\\x{:02x}", static_cast<std::uint32_t>(point.value));
    } else if (is_deceptive(point.value)) {
      to += fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(point.value));
    } else {
      to += bytes;
    }
  });
}

}  // namespace tcp
