// SPDX-License-Identifier: MIT
#include "libtcp/scan/banner_finding.hpp"

#include <algorithm>

namespace tcp::scan {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::string bounded(std::string_view text) { return std::string(text.substr(0, kMostText)); }

std::optional<std::string_view> first_line(std::string_view text) {
  const std::size_t end = text.find_first_of("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  return text.substr(0, end);
}

bool contains_word(std::string_view text, std::string_view word) {
  const auto same = [](char a, char b) { return lower(a) == lower(b); };
  return !std::ranges::search(text, word, same).empty();
}

void split_product(std::string_view text, Finding& finding) {
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    const char c = text[i];
    if ((c == '/' || c == '_' || c == ' ') && is_digit(text[i + 1])) {
      finding.product = bounded(text.substr(0, i));
      finding.version = bounded(text.substr(i + 1));
      return;
    }
  }
  finding.product = bounded(text);
}

}  // namespace tcp::scan
