// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_head.hpp"

#include <algorithm>
#include <utility>

#include "libtcp/base/ascii.hpp"
#include "libtcp/base/parse.hpp"

namespace tcp::stream {
namespace {

constexpr std::string_view kBlanks = " \t";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// RFC 9110 §5.6.2
bool is_token_character(char c) {
  return is_digit(c) || is_letter(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// RFC 9110 §5.5: text above ASCII is taken as it is.
bool is_value_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

// RFC 3986 knows no other characters, and most of these.
bool is_target_character(char c) { return c > 0x20 && c < 0x7f; }

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Takes the first of a list off `list`.
std::string_view take_member(std::string_view& list) {
  const std::size_t comma = std::min(list.find(','), list.size());
  const std::string_view member = trim(list.substr(0, comma));
  list.remove_prefix(std::min(comma + 1, list.size()));
  return member;
}

// "HTTP/1.1"
std::expected<unsigned, HttpFault> parse_version(std::string_view word) {
  constexpr std::string_view kName = "HTTP/";
  const bool has_form = word.size() == kName.size() + 3 && word.starts_with(kName) && is_digit(word[5]) &&
                        word[6] == '.' && is_digit(word[7]);
  if (!has_form) return std::unexpected(HttpFault::malformed);
  if (word[5] != '1') return std::unexpected(HttpFault::version);
  return static_cast<unsigned>(word[7] - '0');
}

std::expected<HttpRequestHead, HttpFault> parse_request_line(std::string_view line, const HttpLimits& limits) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return std::unexpected(HttpFault::malformed);
  HttpRequestHead head;
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  if (!is_http_token(head.method) || head.target.empty()) return std::unexpected(HttpFault::malformed);
  if (!std::ranges::all_of(head.target, is_target_character)) return std::unexpected(HttpFault::malformed);
  if (head.target.size() > limits.target_bytes) return std::unexpected(HttpFault::target_too_long);
  const auto version = parse_version(line.substr(last + 1));
  if (!version) return std::unexpected(version.error());
  head.minor_version = *version;
  return head;
}

}  // namespace

std::string_view to_string(HttpFault fault) {
  switch (fault) {
    case HttpFault::malformed: return "it is not as HTTP/1 has it";
    case HttpFault::target_too_long: return "its target is too long";
    case HttpFault::fields_too_large: return "its fields are too many or too long";
    case HttpFault::version: return "its version is not HTTP/1";
  }
  return "unknown";
}

std::string_view take_http_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view http_reason(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 416: return "Range Not Satisfiable";
    case 431: return "Request Header Fields Too Large";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Internal Server Error";
  }
}

bool is_http_token(std::string_view word) noexcept {
  return !word.empty() && std::ranges::all_of(word, is_token_character);
}

std::expected<HttpFields, HttpFault> HttpFields::parse(std::string_view text, std::size_t most) {
  HttpFields fields;
  while (!text.empty()) {
    const std::string_view line = take_http_line(text);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_http_token(line.substr(0, colon))) {
      return std::unexpected(HttpFault::malformed);
    }
    const std::string_view value = trim(line.substr(colon + 1));
    if (!std::ranges::all_of(value, is_value_character)) return std::unexpected(HttpFault::malformed);
    if (fields.fields_.size() == most) return std::unexpected(HttpFault::fields_too_large);
    fields.fields_.push_back({line.substr(0, colon), value});
  }
  return fields;
}

std::optional<std::string_view> HttpFields::find(std::string_view name) const {
  for (const HttpField& field : fields_) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t HttpFields::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields_, [&](const HttpField& field) { return equals_ignoring_case(field.name, name); }));
}

bool HttpFields::has_token(std::string_view name, std::string_view token) const {
  for (const HttpField& field : fields_) {
    if (!equals_ignoring_case(field.name, name)) continue;
    std::string_view list = field.value;
    while (!list.empty()) {
      if (equals_ignoring_case(take_member(list), token)) return true;
    }
  }
  return false;
}

bool HttpRequestHead::keeps_alive() const {
  if (fields.has_token("Connection", "close")) return false;
  return minor_version >= 1 || fields.has_token("Connection", "keep-alive");
}

std::expected<HttpBody, HttpFault> request_body(const HttpRequestHead& head) {
  HttpBody body;
  const std::size_t lengths = head.fields.count("Content-Length");
  if (const auto coding = head.fields.find("Transfer-Encoding")) {
    const bool is_plain = head.fields.count("Transfer-Encoding") == 1 && equals_ignoring_case(*coding, "chunked");
    if (!is_plain || lengths > 0 || head.minor_version == 0) return std::unexpected(HttpFault::malformed);
    body.is_chunked = true;
    return body;
  }
  if (lengths == 0) return body;
  const auto bytes = parse_unsigned<std::uint64_t>(*head.fields.find("Content-Length"));
  if (lengths > 1 || !bytes) return std::unexpected(HttpFault::malformed);
  body.bytes = *bytes;
  return body;
}

std::expected<std::optional<std::size_t>, HttpFault> HttpHeadEnd::find(std::string_view bytes,
                                                                       const HttpLimits& limits) {
  const std::string_view most = bytes.substr(0, limits.head_bytes);
  for (std::size_t at = most.find('\n', looked_at_); at != std::string_view::npos; at = most.find('\n', at + 1)) {
    const std::size_t length = at - line_begin_;
    const bool is_empty = length == 0 || (length == 1 && most[line_begin_] == '\r');
    if (is_empty && has_first_line_) return at + 1;
    if (!is_empty && !std::exchange(has_first_line_, true)) first_line_ = line_begin_;
    line_begin_ = at + 1;
  }
  looked_at_ = most.size();
  if (bytes.size() >= limits.head_bytes) return std::unexpected(too_long(most, limits));
  return std::nullopt;
}

// What of it is.
HttpFault HttpHeadEnd::too_long(std::string_view bytes, const HttpLimits& limits) const {
  if (has_first_line_) {
    std::string_view rest = bytes.substr(first_line_);
    return take_http_line(rest).size() > limits.target_bytes ? HttpFault::target_too_long : HttpFault::fields_too_large;
  }
  const std::string_view line = bytes.substr(line_begin_);
  const std::size_t blank = line.find(' ');
  const bool has_method = blank != std::string_view::npos && is_http_token(line.substr(0, blank));
  return has_method ? HttpFault::target_too_long : HttpFault::malformed;
}

std::expected<HttpRequestHead, HttpFault> parse_http_request_head(std::string_view head, const HttpLimits& limits) {
  std::string_view line;
  while (line.empty() && !head.empty()) line = take_http_line(head);
  auto parsed = parse_request_line(line, limits);
  if (!parsed) return parsed;
  const std::size_t empty_line = head.ends_with("\r\n") ? 2 : 1;
  head.remove_suffix(std::min(empty_line, head.size()));
  auto fields = HttpFields::parse(head, limits.fields);
  if (!fields) return std::unexpected(fields.error());
  parsed->fields = *std::move(fields);
  return parsed;
}

}  // namespace tcp::stream
