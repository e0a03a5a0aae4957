// SPDX-License-Identifier: MIT
#include "libtcp/stream/http_message.hpp"

#include <algorithm>

#include "libtcp/base/ascii.hpp"
#include "libtcp/base/parse.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kMostSizeDigits = 15;  // 2^60 bytes

std::unexpected<Error> malformed(std::string why) { return make_error(Errc::malformed, {}, std::move(why)); }

// Several that say the same are one (RFC 9112 §6.3).
Result<std::optional<std::uint64_t>> content_length(const HttpFields& fields) {
  std::optional<std::uint64_t> length;
  for (const HttpField& each : fields.all()) {
    if (!equals_ignoring_case(each.name, "Content-Length")) continue;
    const auto number = parse_unsigned<std::uint64_t>(each.value);
    if (!number) return malformed("Content-Length is no number");
    if (length && *length != *number) return malformed("Content-Length says two things");
    length = *number;
  }
  return length;
}

bool is_reason_character(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7f); }

}  // namespace

std::size_t find_http_head_end(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos; at = text.find('\n', at + 1)) {
    const std::string_view rest = text.substr(at + 1);
    if (rest.starts_with('\n')) return at + 2;
    if (rest.starts_with("\r\n")) return at + 3;
  }
  return 0;
}

unsigned http_status_of(std::string_view line) {
  constexpr std::size_t kDigits = 9;  // where they begin
  if (!line.starts_with("HTTP/1.") || line.size() < kDigits + 3 || line[kDigits - 1] != ' ') return 0;
  const auto status = parse_unsigned<std::uint16_t>(line.substr(kDigits, 3));
  const bool ends = line.size() == kDigits + 3 || line[kDigits + 3] == ' ';
  return status && *status >= 100 && ends ? *status : 0;
}

Result<HttpResponseHead> parse_http_response_head(std::string_view text) {
  constexpr std::size_t kMinor = 7;    // where the digit of the version is
  constexpr std::size_t kReason = 13;  // where it begins
  HttpResponseHead head;
  const std::string_view line = take_http_line(text);
  head.status = http_status_of(line);
  if (head.status == 0) return malformed("its first line is not HTTP/1.1 STATUS");
  head.minor_version = line[kMinor] == '0' ? 0 : 1;
  head.reason = line.substr(std::min(kReason, line.size()));
  if (!std::ranges::all_of(head.reason, is_reason_character)) return malformed("its reason has a control character");
  const std::size_t empty_line = text.ends_with("\r\n") ? 2 : 1;
  text.remove_suffix(std::min(empty_line, text.size()));
  auto fields = HttpFields::parse(text, kProxyHttpLimits.fields);
  if (!fields) return malformed(std::string(to_string(fields.error())));
  head.fields = *std::move(fields);
  return head;
}

HttpBodyEnd::HttpBodyEnd(const HttpBody& body) : left_(body.is_chunked ? 0 : body.bytes) {
  if (body.is_chunked) state_ = State::size;
  if (left_ > 0) state_ = State::counted;
}

Result<HttpBodyEnd> HttpBodyEnd::of_response(const HttpResponseHead& head, std::string_view request_method) {
  constexpr unsigned kFinal = 200;
  constexpr unsigned kNoContent = 204;
  constexpr unsigned kNotModified = 304;
  HttpBodyEnd end;
  TCP_TRY_ASSIGN(length, content_length(head.fields));
  const auto coding = head.fields.find("Transfer-Encoding");
  if (coding && length) return malformed("both Content-Length and Transfer-Encoding are there");
  if (coding && (head.fields.count("Transfer-Encoding") > 1 || !equals_ignoring_case(*coding, "chunked"))) {
    return malformed("its Transfer-Encoding is not chunked");
  }
  const bool has_none = request_method == "HEAD" || head.status < kFinal || head.status == kNoContent;
  if (has_none || head.status == kNotModified) return end;
  if (coding || length) return HttpBodyEnd(HttpBody{coding.has_value(), length.value_or(0)});
  end.state_ = State::until_close;
  return end;
}

Result<std::size_t> HttpBodyEnd::take(std::string_view bytes) {
  std::size_t taken = 0;
  while (taken < bytes.size() && state_ != State::over) {
    if (state_ == State::until_close) return bytes.size();
    if (state_ == State::counted || state_ == State::data) {
      const std::uint64_t some = std::min<std::uint64_t>(left_, bytes.size() - taken);
      taken += static_cast<std::size_t>(some);
      left_ -= some;
      if (left_ == 0) state_ = state_ == State::counted ? State::over : State::data_cr;
      continue;
    }
    TCP_TRY(take_one(bytes[taken]));
    ++taken;
  }
  return taken;
}

// A line ends with CR LF and with nothing else: what reads a lone LF as an end sees other chunks.
Result<void> HttpBodyEnd::take_one(char c) {
  switch (state_) {
    case State::size: return take_size(c);
    case State::size_end:
      if (c != '\n') return malformed("a chunk's size does not end with CR LF");
      end_size();
      return {};
    case State::data_cr:
      state_ = State::data_lf;
      if (c != '\r') return malformed("a chunk is not followed by CR LF");
      return {};
    case State::data_lf:
      state_ = State::size;
      if (c != '\n') return malformed("a chunk is not followed by CR LF");
      return {};
    default: return take_trailer(c);
  }
}

Result<void> HttpBodyEnd::take_size(char c) {
  if (c == '\r' && digits_ > 0) {
    state_ = State::size_end;
    return {};
  }
  if (++line_ > kMostChunkLineBytes) return malformed("a chunk's extensions do not end within 4 KiB");
  if (in_extension_) {
    if (c == '\n' || c == '\0') return malformed("a chunk's extension has a control character");
    return {};
  }
  if (const int value = hex_digit(c); value >= 0) {
    if (++digits_ > kMostSizeDigits) return malformed("a chunk is too large");
    left_ = left_ << 4U | static_cast<unsigned>(value);
    return {};
  }
  if (digits_ == 0 || (c != ';' && c != ' ' && c != '\t')) return malformed("a chunk's size is no number");
  in_extension_ = true;
  return {};
}

void HttpBodyEnd::end_size() {
  state_ = left_ == 0 ? State::trailer : State::data;
  line_ = 0;
  digits_ = 0;
  in_extension_ = false;
}

// Lines up to an empty one.
Result<void> HttpBodyEnd::take_trailer(char c) {
  if (++trailer_ > kMostTrailerBytes) return malformed("the trailers do not end within 16 KiB");
  if (after_cr_) {
    if (c != '\n') return malformed("a trailer does not end with CR LF");
    after_cr_ = false;
    if (line_ == 0) state_ = State::over;
    line_ = 0;
    return {};
  }
  if (c == '\n' || c == '\0') return malformed("a trailer does not end with CR LF");
  after_cr_ = c == '\r';
  if (!after_cr_) ++line_;
  return {};
}

}  // namespace tcp::stream
