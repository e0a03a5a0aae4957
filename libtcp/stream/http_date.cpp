// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_date.hpp"

#include <array>

namespace tcp::stream {
namespace {

constexpr std::size_t kMostCharacters = 40;
constexpr std::array kForms{"%a, %d %b %Y %H:%M:%S GMT",  // the one that is written
                            "%A, %d-%b-%y %H:%M:%S GMT",  // of RFC 850
                            "%a %b %e %H:%M:%S %Y"};      // of asctime(3)

}  // namespace

std::string format_http_date(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, kMostCharacters> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::optional<std::time_t> parse_http_date(std::string_view text) {
  if (text.size() > kMostCharacters) return std::nullopt;
  const std::string word(text);
  for (const char* const form : kForms) {
    std::tm parts{};
    const char* const end = ::strptime(word.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') return ::timegm(&parts);
  }
  return std::nullopt;
}

}  // namespace tcp::stream
