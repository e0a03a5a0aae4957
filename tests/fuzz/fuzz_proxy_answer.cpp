// SPDX-License-Identifier: MIT
// What proxies answer: the pieces that it comes in change nothing, and no byte of payload is lost.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "libtcp/stream/proxy_dialogue.hpp"
#include "libtcp/stream/proxy_environment.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace tcp::stream;
using tcp::fuzz::require;
using State = ProxyTurn::State;

struct Heard {
  State state = State::more;
  std::string said;
  std::string payload;
  std::string error;
  bool operator==(const Heard&) const = default;
};

Heard hear(const Proxy& proxy, std::string_view answer, std::size_t at_a_time) {
  ProxyAuthorization authorization(proxy.credentials, "nonce");
  auto dialogue = make_proxy_dialogue(proxy, HostTarget{"192.0.2.1", 80}, authorization);
  require(dialogue.has_value() && (*dialogue)->begin().has_value());
  Heard heard;
  while (!answer.empty() && heard.state == State::more) {
    ProxyTurn turn = (*dialogue)->receive(answer.substr(0, at_a_time));
    answer.remove_prefix(std::min(at_a_time, answer.size()));
    heard.state = turn.state;
    heard.said += turn.output;
    heard.payload = std::move(turn.payload);
    if (turn.state == State::failed) heard.error = turn.error.message();
  }
  require(heard.state != State::failed || !heard.error.empty());
  require(heard.error.size() < 1U << 17U);
  if (heard.state == State::open) heard.payload += answer;
  require(heard.state == State::open || heard.payload.empty());
  if (heard.state == State::challenged) (void)authorization.value("192.0.2.1:80");
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const char* url : {"socks4://p:1", "socks5://p:1", "socks5://me:x@p:1", "http://p:1", "http://me:x@p:1"}) {
    const Proxy proxy = *parse_proxy_url(url);
    const Heard whole = hear(proxy, text, std::max<std::size_t>(size, 1));
    require(hear(proxy, text, 1) == whole);
    require(hear(proxy, text, 7) == whole);
  }
  const auto parsed = parse_proxy_url(text);
  if (parsed) require(parse_proxy_url(to_string(*parsed)).has_value());
  (void)is_exempt(text, HostTarget{"example.org", 80});
  return 0;
}
