// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_dialogue.hpp"

#include <algorithm>

namespace tcp::stream {
namespace {

constexpr std::size_t kMostName = 255;  // RFC 1928 §5

bool is_printable(char c) { return c > ' ' && c < 0x7f; }

// Names go to the proxy as they are: what is no plain ASCII could be read there as something else.
Result<void> check_name(const std::string& name) {
  const std::string attempt = "name '" + name + "'";
  if (name.empty() || name.size() > kMostName) return make_error(Errc::unsupported, attempt, "must be 1 to 255 bytes");
  if (std::ranges::all_of(name, is_printable)) return {};
  return make_error(Errc::unsupported, attempt, "goes to the proxy as it is, and must be ASCII",
                    "write an internationalized name in its xn-- form");
}

}  // namespace

Result<std::unique_ptr<ProxyDialogue>> make_proxy_dialogue(const Proxy& proxy, const HostTarget& target,
                                                           ProxyAuthorization& authorization) {
  const auto literal = parse_ip_address(target.host);
  if (!literal) TCP_TRY(check_name(target.host));
  switch (proxy.kind) {
    case ProxyKind::socks4:
    case ProxyKind::socks4a:
      if (literal && literal->is_v6()) {
        return make_error(Errc::unsupported, {}, "SOCKS4 has no IPv6 addresses", "use socks5://");
      }
      return make_socks4_dialogue(proxy, target);
    case ProxyKind::socks5:
    case ProxyKind::socks5h: return make_socks5_dialogue(proxy, target);
    case ProxyKind::http:
    case ProxyKind::https: break;
  }
  return make_http_dialogue(target, authorization);
}

ProxyTurn proxy_failure(std::error_code code, std::string why) {
  ProxyTurn turn;
  turn.state = ProxyTurn::State::failed;
  turn.error = Error{code, {}, std::move(why), {}};
  return turn;
}

}  // namespace tcp::stream
