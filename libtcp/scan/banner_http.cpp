// SPDX-License-Identifier: MIT
// RFC 9112.
#include <algorithm>
#include <array>

#include "libtcp/base/parse.hpp"
#include "libtcp/scan/banner_recognizers.hpp"

namespace tcp::scan {
namespace {

constexpr std::size_t kEnoughBody = 32 * 1024;  // a title comes early or not at all

// Servers that are best known by something other than the Server field.
struct ProductMark {
  std::string_view mark;
  std::string_view product;
  std::string_view before_version;  // the version follows these characters; empty: it says none
};
constexpr std::array kProductMarks{
    ProductMark{"You Know, for Search", "Elasticsearch", "\"number\" : \""},
    ProductMark{"\"apiVersion\": \"v1\"", "Kubernetes API", ""},
    ProductMark{"\"apiVersion\":\"v1\"", "Kubernetes API", ""},
    ProductMark{"Docker-Distribution-Api-Version", "Docker Registry", ""},
};
constexpr std::array<std::string_view, 3> kWantsTls{
    "sent to HTTPS port",
    "HTTP request to an HTTPS server",
    "speaking plain HTTP to an SSL-enabled server port",
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::size_t find_any_case(std::string_view text, std::string_view lower_word) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  const auto found = std::ranges::search(text, lower_word, same);
  return found.empty() ? std::string_view::npos : static_cast<std::size_t>(found.begin() - text.begin());
}

// `lower_name` without the colon.
std::optional<std::string_view> field(std::string_view head, std::string_view lower_name) {
  std::size_t at = head.find('\n');
  while (at != std::string_view::npos) {
    const std::string_view rest = head.substr(at + 1);
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const std::size_t colon = line.find(':');
    if (colon == lower_name.size() && find_any_case(line.substr(0, colon), lower_name) == 0) {
      return trimmed(line.substr(colon + 1));
    }
    at = head.find('\n', at + 1);
  }
  return std::nullopt;
}

std::optional<std::string> to_text(std::optional<std::string_view> value) {
  return value ? std::optional(bounded(*value)) : std::nullopt;
}

// Runs of blanks become one.
std::optional<std::string> title_in(std::string_view body) {
  const std::size_t tag = find_any_case(body, "<title");
  if (tag == std::string_view::npos) return std::nullopt;
  const std::size_t begin = body.find('>', tag);
  const std::size_t end = begin == std::string_view::npos ? begin : find_any_case(body.substr(begin), "</title");
  if (end == std::string_view::npos) return std::nullopt;
  std::string title;
  for (const char c : trimmed(body.substr(begin + 1, end - 1))) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!is_blank) title += c;
    if (is_blank && !title.ends_with(' ')) title += ' ';
    if (title.size() >= kMostText) break;
  }
  return title;
}

struct Message {
  std::string_view head;  // with the status line
  std::string_view body;
  bool head_is_whole = false;
};

Message split_message(std::string_view text) {
  for (const std::string_view blank_line : {"\r\n\r\n", "\n\n"}) {
    const std::size_t at = text.find(blank_line);
    if (at != std::string_view::npos) return {text.substr(0, at), text.substr(at + blank_line.size()), true};
  }
  return {text, {}, false};
}

bool is_whole(const Message& message, const HttpFacts& http) {
  if (!message.head_is_whole) return false;
  if (http.title || http.status == 204 || http.status == 304 || message.body.size() >= kEnoughBody) return true;
  if (message.body.ends_with("\r\n0\r\n\r\n")) return true;
  const auto length = parse_unsigned<std::uint64_t>(field(message.head, "content-length").value_or(""));
  return length && message.body.size() >= *length;
}

void name_product(const Message& message, Finding& finding) {
  for (const ProductMark& mark : kProductMarks) {
    if (!message.body.contains(mark.mark) && !message.head.contains(mark.mark)) continue;
    finding.product = mark.product;
    const std::size_t at =
        mark.before_version.empty() ? std::string_view::npos : message.body.find(mark.before_version);
    if (at == std::string_view::npos) return;
    const std::string_view rest = message.body.substr(at + mark.before_version.size());
    finding.version = bounded(rest.substr(0, rest.find('"')));
    return;
  }
  if (finding.http->server) split_product(*finding.http->server, finding);
}

// Those who answer HTTP only to say that they speak something else.
void reconsider(const Message& message, Finding& finding) {
  if (message.body.contains("trying to access MongoDB over HTTP")) {
    finding = {.service = "mongodb", .detail = "answers HTTP with a hint"};
    return;
  }
  for (const std::string_view mark : kWantsTls) {
    if (message.body.contains(mark)) finding.next = Finding::Next::tls_anew;
  }
}

// "HTTP/1.1 200 OK", of any protocol that is written like it.
std::optional<HttpFacts> read_status(std::string_view text, std::string_view protocol) {
  if (!text.starts_with(protocol)) return std::nullopt;
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || space > protocol.size() + 3) return std::nullopt;
  const auto status = parse_unsigned<unsigned>(line.substr(space + 1, 3));
  if (!status || *status < 100) return std::nullopt;
  HttpFacts http;
  http.status = *status;
  http.status_line = bounded(line);
  return http;
}

Recognition recognize_like_http(const Heard& heard, std::string_view protocol, std::string service) {
  auto http = read_status(heard.bytes, protocol);
  if (!http) return std::nullopt;
  Finding finding{.service = std::move(service), .detail = http->status_line};
  const Message message = split_message(heard.bytes);
  if (const auto server = field(message.head, "server")) split_product(bounded(*server), finding);
  if (!message.head_is_whole && !heard.ended) finding.next = Finding::Next::wait;
  return finding;
}

}  // namespace

std::string ask_http(std::string_view host) {
  return "GET / HTTP/1.1\r\nHost: " + std::string(host) +
         "\r\nUser-Agent: tcpbox\r\nAccept: */*\r\nConnection: close\r\n\r\n";
}

Recognition recognize_http(const Heard& heard) {
  auto http = read_status(heard.bytes, "HTTP/");
  if (!http) return std::nullopt;
  const Message message = split_message(heard.bytes);
  http->server = to_text(field(message.head, "server"));
  http->location = to_text(field(message.head, "location"));
  http->title = title_in(message.body);
  Finding finding{.service = "http", .http = std::move(http)};
  if (!is_whole(message, *finding.http) && !heard.ended) finding.next = Finding::Next::wait;
  name_product(message, finding);
  reconsider(message, finding);
  return finding;
}

Recognition recognize_rtsp(const Heard& heard) { return recognize_like_http(heard, "RTSP/", "rtsp"); }

Recognition recognize_sip(const Heard& heard) { return recognize_like_http(heard, "SIP/", "sip"); }

}  // namespace tcp::scan
