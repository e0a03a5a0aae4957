// SPDX-License-Identifier: MIT
// Patterns of names: "*" any bytes, "?" one byte, "[a-z]" and "[!a-z]" one of a set, "\" the next byte itself. Time is
// bounded by the product of the lengths.
#include <cstddef>
#include <string>
#include <string_view>

#include "libtcp/sockets/filter_tree.hpp"

namespace tcp::sockets {
namespace {

// One element of a pattern tried on one byte.
struct Step {
  std::size_t length = 1;  // of the element
  bool fits = false;
};

// A set without its closing bracket stands for the bracket itself.
Step try_set(std::string_view pattern, char byte) {
  std::size_t at = 1;
  const bool inverted = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (inverted) ++at;
  bool found = false;
  for (const std::size_t first = at; at < pattern.size(); ++at) {
    if (pattern[at] == ']' && at != first) return {at + 1, found != inverted};
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    const auto low = static_cast<unsigned char>(pattern[at]);
    auto high = low;
    if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      at += 2;
      if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
      high = static_cast<unsigned char>(pattern[at]);
    }
    const auto value = static_cast<unsigned char>(byte);
    found = found || (low <= value && value <= high);
  }
  return {1, byte == '['};
}

Step try_one(std::string_view pattern, char byte) {
  switch (pattern.front()) {
    case '?': return {1, true};
    case '[': return try_set(pattern, byte);
    case '\\':
      if (pattern.size() > 1) return {2, pattern[1] == byte};
      return {1, byte == '\\'};
    default: return {1, pattern.front() == byte};
  }
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
  std::size_t at = 0;
  std::size_t position = 0;
  std::size_t star = std::string_view::npos;  // the last "*", tried with ever more bytes
  std::size_t taken = 0;
  while (position < text.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      taken = position;
      continue;
    }
    const Step step = at < pattern.size() ? try_one(pattern.substr(at), text[position]) : Step{};
    if (step.fits) {
      at += step.length;
      ++position;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      position = ++taken;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

bool is_pattern(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '*' || text[i] == '?' || text[i] == '[') {
      return true;
    }
  }
  return false;
}

std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    plain += text[i];
  }
  return plain;
}

}  // namespace tcp::sockets
