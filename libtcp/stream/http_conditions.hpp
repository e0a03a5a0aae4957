// SPDX-License-Identifier: MIT
// What of a file a request gets: all of it, a range, or nothing because the client has it already (RFC 9110 §13, §14).
#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "libtcp/stream/http_head.hpp"

namespace tcp::stream {

// A state of a file.
struct HttpValidators {
  std::string entity_tag;  // with its quotes; strong
  std::time_t modified = 0;
  std::uint64_t bytes = 0;
};

// `status` is 200, 206, 304, 412 or 416.
struct HttpSelection {
  unsigned status = 200;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;  // of the body
};

// In the order of RFC 9110 §13.2.2. Several ranges in one request are answered as if none had been asked for (§14.2
// lets a server ignore the field), ranges of a HEAD likewise.
[[nodiscard]] HttpSelection select(const HttpRequestHead& head, const HttpValidators& file);

// One range of a file that is so long. Nothing: no such range is asked for, or several. No bytes: it cannot be
// satisfied.
struct HttpRange {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};
[[nodiscard]] std::optional<HttpRange> parse_http_range(std::string_view value, std::uint64_t file_bytes);

}  // namespace tcp::stream
