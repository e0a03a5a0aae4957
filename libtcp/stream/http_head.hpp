// SPDX-License-Identifier: MIT
// The head of an HTTP/1 request, without I/O (RFC 9112). Every byte is hostile: what is not as the RFC has it is
// refused, so that nobody behind us reads another request out of the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

namespace tcp::stream {

struct HttpLimits {
  std::size_t target_bytes = 8000;                  // RFC 9112 §3 recommends at least that
  std::size_t head_bytes = std::size_t{32} * 1024;  // all of it, with the empty line
  std::size_t fields = 100;
};

// Why a request is not taken; the value is the status that says so.
enum class HttpFault : std::uint16_t {
  malformed = 400,
  target_too_long = 414,
  fields_too_large = 431,
  version = 505,  // not HTTP/1
};

// "its request line is not METHOD TARGET HTTP/1.x", … of the fault as such.
[[nodiscard]] std::string_view to_string(HttpFault fault);

struct HttpField {
  std::string_view name;   // as it was spelled; names are the same in any case
  std::string_view value;  // without the blanks around it
};

// The fields of a head. Views into the bytes that were parsed.
class HttpFields {
 public:
  // `text`: lines, each with its end, without the empty one.
  [[nodiscard]] static std::expected<HttpFields, HttpFault> parse(std::string_view text, std::size_t most);

  // The first of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  // `token` is among the comma-separated ones of all fields of that name, in any case: "close" in Connection.
  [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;
  [[nodiscard]] const std::vector<HttpField>& all() const noexcept { return fields_; }

 private:
  std::vector<HttpField> fields_;
};

struct HttpRequestHead {
  std::string_view method;     // a token, case-sensitive
  std::string_view target;     // printable ASCII, in any of its four forms (RFC 9112 §3.2)
  unsigned minor_version = 1;  // of HTTP/1
  HttpFields fields;

  // Whether the connection may carry another request after this one (RFC 9112 §9.3).
  [[nodiscard]] bool keeps_alive() const;
};

// What follows the head of a request (RFC 9112 §6.3).
struct HttpBody {
  bool is_chunked = false;
  std::uint64_t bytes = 0;  // unless chunked
};

// Errors: a length that is none, several that differ, a length beside a coding, a coding other than chunked.
[[nodiscard]] std::expected<HttpBody, HttpFault> request_body(const HttpRequestHead& head);

// Finds the end of a head that comes in pieces, looking at each byte once.
class HttpHeadEnd {
 public:
  // `bytes`: all that has come, the same as before and more. How long the head is, the empty line included; nothing:
  // its end has not come. Empty lines before the first one belong to the head (RFC 9112 §2.2). Errors: it is longer
  // than may be.
  [[nodiscard]] std::expected<std::optional<std::size_t>, HttpFault> find(std::string_view bytes,
                                                                          const HttpLimits& limits);

 private:
  [[nodiscard]] HttpFault too_long(std::string_view bytes, const HttpLimits& limits) const;

  std::size_t looked_at_ = 0;
  std::size_t line_begin_ = 0;
  std::size_t first_line_ = 0;  // where the request line begins
  bool has_first_line_ = false;
};

// `head` is a whole one, as HttpHeadEnd found it. The views lead into it. Lines end with CR LF, or LF alone; a CR
// elsewhere, a NUL, a continuation line or a blank before a colon are malformed.
[[nodiscard]] std::expected<HttpRequestHead, HttpFault> parse_http_request_head(std::string_view head,
                                                                                const HttpLimits& limits);

// Takes the first line off, without its end (CR LF or LF).
[[nodiscard]] std::string_view take_http_line(std::string_view& text);
// The phrase that goes with a status that we send (RFC 9110 §15).
[[nodiscard]] std::string_view http_reason(unsigned status);
[[nodiscard]] bool is_http_token(std::string_view word) noexcept;

}  // namespace tcp::stream
