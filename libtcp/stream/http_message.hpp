// SPDX-License-Identifier: MIT
// What else there is to HTTP/1 messages for whoever stands between a client and a server: responses, and where a body
// ends (RFC 9112 §4, §6 and §7), without I/O. Every byte is hostile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/stream/http_head.hpp"

namespace tcp::stream {

// Of a request to a proxy or a response that comes through one, all lines of the head together.
inline constexpr HttpLimits kProxyHttpLimits{std::size_t{60} * 1024, std::size_t{64} * 1024, 200};

// Where a response's head ends, past the empty line; 0: it has not come yet. `from`: what was looked at before.
[[nodiscard]] std::size_t find_http_head_end(std::string_view text, std::size_t from);

// "HTTP/1.1 200 OK"; 0: it is none.
[[nodiscard]] unsigned http_status_of(std::string_view line);

// Views into the text that it was parsed from.
struct HttpResponseHead {
  unsigned status = 0;
  std::string_view reason;
  unsigned minor_version = 1;  // of HTTP/1
  HttpFields fields;
};

// `text`: with the empty line. Errors: malformed, with what is wrong as the detail.
[[nodiscard]] Result<HttpResponseHead> parse_http_response_head(std::string_view text);

// Of a chunk's size with its extensions, and of all trailers together.
inline constexpr std::size_t kMostChunkLineBytes = 4096;
inline constexpr std::size_t kMostTrailerBytes = std::size_t{16} * 1024;

// Says which of the bytes that pass by belong to a body.
class HttpBodyEnd {
 public:
  HttpBodyEnd() = default;  // no body
  explicit HttpBodyEnd(const HttpBody& body);
  // Of the response to a request with this method. Errors: malformed: its length could be read in two ways.
  [[nodiscard]] static Result<HttpBodyEnd> of_response(const HttpResponseHead& head, std::string_view request_method);

  // How many of the bytes belong to it; fewer than all only when it is over then. Errors: malformed chunks.
  [[nodiscard]] Result<std::size_t> take(std::string_view bytes);

  [[nodiscard]] bool is_over() const noexcept { return state_ == State::over; }
  // Only the end of the connection ends it.
  [[nodiscard]] bool lasts_until_close() const noexcept { return state_ == State::until_close; }

 private:
  enum class State : std::uint8_t { over, counted, until_close, size, size_end, data, data_cr, data_lf, trailer };

  [[nodiscard]] Result<void> take_one(char c);
  [[nodiscard]] Result<void> take_size(char c);
  void end_size();
  [[nodiscard]] Result<void> take_trailer(char c);

  State state_ = State::over;
  std::uint64_t left_ = 0;     // of the body or the chunk
  std::size_t line_ = 0;       // bytes of the line so far, its CR not among them
  std::size_t digits_ = 0;     // of the chunk's size
  bool in_extension_ = false;  // behind those
  bool after_cr_ = false;
  std::size_t trailer_ = 0;  // bytes of all trailers
};

}  // namespace tcp::stream
