// SPDX-License-Identifier: MIT
// The answer to a request for a file: its head, and where its body comes from.
#pragma once

#include <cstdint>
#include <string>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/http_head.hpp"
#include "libtcp/stream/served_directory.hpp"

namespace tcp::stream {

struct HttpAnswer {
  unsigned status = 200;
  std::string fields;  // beside those that every answer has, each with its line end
  std::string text;    // the body; or, where there is a file:
  UniqueFd file;       // whose bytes from `offset` on are
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;  // of the body, as Content-Length says
  bool has_length = true;   // 304 says nothing of it
  bool has_body = true;     // HEAD: the head of the answer is the same, the body is missing
  bool keeps_alive = true;
};

// With a line of text that says no more than its status.
[[nodiscard]] HttpAnswer make_status_answer(unsigned status);

// Errors are answers: 400, 403, 404, 405, 411, 413, 416, 500, 503. `lists`: directories without an index.html show what
// is in them.
[[nodiscard]] HttpAnswer answer_http_request(const HttpRequestHead& head, const ServedDirectory& directory, bool lists);

[[nodiscard]] std::string serialize_http_head(const HttpAnswer& answer, WallTime now);

}  // namespace tcp::stream
