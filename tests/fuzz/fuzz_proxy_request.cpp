// SPDX-License-Identifier: MIT
// Requests to an HTTP proxy and the responses that come back: the pieces that they come in change nothing, no byte
// behind them is lost, and what goes on to a target is a request that reads the same there.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "libtcp/stream/http_proxy_server.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace tcp;
using namespace tcp::stream;
using tcp::fuzz::require;
using State = ProxyServerTurn::State;

constexpr MonotonicTime kNow{std::chrono::hours(1)};

struct Heard {
  State state = State::more;
  std::size_t taken = 0;
  std::string host;
  std::uint16_t port = 0;
  std::string passed_on;
  std::size_t body = 0;
  bool is_broken = false;
  bool operator==(const Heard&) const = default;
};

void follow_body(HttpBodyEnd end, std::string_view bytes, std::size_t at_a_time, Heard& heard) {
  while (!bytes.empty() && !end.is_over()) {
    const std::string_view piece = bytes.substr(0, at_a_time);
    const auto own = end.take(piece);
    heard.is_broken = !own;
    if (!own) return;
    require(*own == piece.size() || end.is_over());
    heard.body += *own;
    bytes.remove_prefix(*own);
  }
}

// What we pass on must be what a target reads: one head, nothing behind it, the same framing.
void check_passed_on(const HttpProxyServer& server) {
  const std::string& head = server.origin_head();
  HttpHeadEnd end;
  const auto size = end.find(head, HttpLimits{SIZE_MAX, SIZE_MAX, SIZE_MAX});
  require(size && *size == head.size());
  const auto parsed = parse_http_request_head(head, HttpLimits{SIZE_MAX, SIZE_MAX, SIZE_MAX});
  require(parsed.has_value() && parsed->target.starts_with('/') && parsed->fields.count("host") == 1);
  const auto body = request_body(*parsed);
  require(body.has_value() && (body->is_chunked || body->bytes > 0) == !server.body().is_over());
}

Heard hear(const ProxyAuthentication* authentication, std::string_view bytes, std::size_t at_a_time) {
  HttpProxyServer server(authentication);
  Heard heard;
  while (heard.taken < bytes.size() && heard.state == State::more) {
    const std::string_view piece = bytes.substr(heard.taken, at_a_time);
    const ProxyServerTurn turn = server.receive(piece, kNow);
    require(turn.taken <= piece.size());
    require(turn.taken == piece.size() || turn.state != State::more || !turn.why.empty());
    heard.taken += turn.taken;
    heard.state = turn.state;
  }
  if (heard.state != State::requested) {
    if (heard.state == State::refused) heard.taken = 0;  // how much of what is refused is taken does not matter
    return heard;
  }
  heard.host = server.request().target.host;
  heard.port = server.request().target.port;
  heard.passed_on = server.origin_head();
  if (server.request().command == ProxyCommand::forward) check_passed_on(server);
  follow_body(server.body(), bytes.substr(heard.taken), at_a_time, heard);
  return heard;
}

void check_response(std::string_view bytes) {
  const std::size_t size = find_http_head_end(bytes, 0);
  if (size == 0) return;
  const auto head = parse_http_response_head(bytes.substr(0, size));
  if (!head) return;
  const std::string shown = response_for_client(*head, true);
  require(find_http_head_end(shown, 0) == shown.size());
  require(parse_http_response_head(shown).has_value());
  const auto end = HttpBodyEnd::of_response(*head, "GET");
  if (!end) return;
  Heard whole;
  Heard slow;
  follow_body(*end, bytes.substr(size), SIZE_MAX, whole);
  follow_body(*end, bytes.substr(size), 1, slow);
  require(whole.is_broken == slow.is_broken && (whole.is_broken || whole.body == slow.body));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const ProxyAuthentication kAuthentication({"me", "secret"}, "seal");
  for (const ProxyAuthentication* each : {static_cast<const ProxyAuthentication*>(nullptr), &kAuthentication}) {
    Heard whole = hear(each, bytes, SIZE_MAX);
    Heard slow = hear(each, bytes, 1);
    if (whole.is_broken) whole.body = slow.body;
    require(whole == slow);
  }
  check_response(bytes);
  return 0;
}
