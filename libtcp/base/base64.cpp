// SPDX-License-Identifier: MIT
#include "libtcp/base/base64.hpp"

#include <algorithm>
#include <cstdint>

namespace tcp {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_value(char c) {
  const std::size_t at = kDigits.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k)
      bits = bits << 8U | (k < group.size() ? static_cast<unsigned char>(group[k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) text += k <= group.size() ? kDigits[bits >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

Result<std::string> from_base64(std::string_view text) {
  const auto broken = [] { return make_error(Errc::malformed, {}, "is no base64"); };
  if (text.size() % 4 != 0) return broken();
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const std::string_view group = text.substr(i, 4);
    const std::size_t padding = i + 4 < text.size() ? 0 : static_cast<std::size_t>(std::ranges::count(group, '='));
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int value = k < 4 - std::min<std::size_t>(padding, 2) ? base64_value(group[k]) : group[k] == '=' ? 0 : -1;
      if (value < 0) return broken();
      bits = bits << 6U | static_cast<unsigned>(value);
    }
    for (std::size_t k = 0; k + padding < 3; ++k) bytes += static_cast<char>(bits >> (16 - 8 * k) & 0xffU);
  }
  return bytes;
}

}  // namespace tcp
