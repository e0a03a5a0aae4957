// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_server.hpp"

#include "libtcp/stream/http_proxy_server.hpp"

namespace tcp::stream {

ProxyRefusal refusal_of(const Error& error) {
  if (error.is(std::errc::connection_refused)) return ProxyRefusal::refused;
  if (error.is(std::errc::timed_out) || error.is(Errc::timed_out)) return ProxyRefusal::timed_out;
  if (error.is(std::errc::network_unreachable) || error.is(std::errc::network_down)) {
    return ProxyRefusal::network_unreachable;
  }
  if (error.is(std::errc::host_unreachable) || error.is(Errc::resolve_failed)) return ProxyRefusal::host_unreachable;
  if (error.is(Errc::not_permitted)) return ProxyRefusal::not_allowed;
  return ProxyRefusal::failed;
}

std::unique_ptr<ProxyServerDialogue> make_proxy_server(ProxyServerKind kind,
                                                       const ProxyAuthentication* authentication) {
  if (kind == ProxyServerKind::http) return std::make_unique<HttpProxyServer>(authentication);
  return make_socks_server(authentication);
}

}  // namespace tcp::stream
