// SPDX-License-Identifier: MIT
// The path that a request asks for, as a name beneath a directory (RFC 3986 §2.1, §3.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tcp::stream {

struct HttpPath {
  std::string name;              // relative, decoded, without slashes at its ends; empty: the directory itself
  bool names_directory = false;  // it ended with a slash
};

// The path of a target in origin-form or absolute-form, decoded once; a query is left out. Nothing: it leads nowhere
// that is served: another form, a broken escape, a NUL, an encoded slash, "." or ".." among its segments, or one that
// begins with a dot (".well-known" of RFC 8615 may).
[[nodiscard]] std::optional<HttpPath> parse_http_path(std::string_view target);

// A file that begins with a dot is nobody's business.
[[nodiscard]] bool is_served_name(std::string_view segment) noexcept;

// For a link; slashes stay, all but RFC 3986's unreserved characters become %HH.
[[nodiscard]] std::string encode_http_path(std::string_view name);

}  // namespace tcp::stream
