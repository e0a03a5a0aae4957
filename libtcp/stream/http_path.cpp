// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_path.hpp"

#include <algorithm>

#include "libtcp/base/ascii.hpp"
#include "libtcp/base/escape.hpp"
#include "libtcp/stream/http_head.hpp"

namespace tcp::stream {
namespace {

bool is_unreserved(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

// The path of "/a?b" or "http://host/a?b"; nothing for the other forms (RFC 9112 §3.2).
std::optional<std::string_view> raw_path(std::string_view target) {
  constexpr std::string_view kScheme = "http://";
  if (equals_ignoring_case(target.substr(0, kScheme.size()), kScheme)) {
    target.remove_prefix(kScheme.size());
    target.remove_prefix(std::min(target.find_first_of("/?"), target.size()));
    if (!target.starts_with('/')) return "/";
  }
  if (!target.starts_with('/')) return std::nullopt;
  return target.substr(0, target.find_first_of("?#"));
}

// Of one segment. Nothing: a broken escape, a NUL or a slash.
std::optional<std::string> decode(std::string_view segment) {
  constexpr std::string_view kNever("\0/", 2);
  auto name = percent_decode(segment);
  return name && name->find_first_of(kNever) == std::string::npos ? name : std::nullopt;
}

}  // namespace

bool is_served_name(std::string_view segment) noexcept { return !segment.starts_with('.') || segment == ".well-known"; }

std::optional<HttpPath> parse_http_path(std::string_view target) {
  auto rest = raw_path(target);
  if (!rest) return std::nullopt;
  HttpPath path;
  path.names_directory = rest->ends_with('/');
  while (!rest->empty()) {
    const std::size_t slash = std::min(rest->find('/'), rest->size());
    const auto name = decode(rest->substr(0, slash));
    rest->remove_prefix(std::min(slash + 1, rest->size()));
    if (!name || !is_served_name(*name)) return std::nullopt;
    if (name->empty()) continue;
    if (!path.name.empty()) path.name += '/';
    path.name += *name;
  }
  return path;
}

std::string encode_http_path(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const char c : name) {
    if (c == '/' || is_unreserved(c)) {
      text += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

}  // namespace tcp::stream
