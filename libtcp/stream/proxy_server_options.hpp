// SPDX-License-Identifier: MIT
// What a proxy server is to do, and for whom.
#pragma once

#include <chrono>
#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/access_list.hpp"
#include "libtcp/stream/dial_options.hpp"
#include "libtcp/stream/proxy_server.hpp"

namespace tcp::stream {

struct ProxyServerOptions {
  ProxyServerKind kind = ProxyServerKind::http;
  std::optional<ProxyCredentials> credentials;          // everybody is served without any
  AccessRules targets;                                  // see ProxyTargets
  Duration request_timeout = std::chrono::seconds(30);  // until it is known where a client wants to go
  Duration bind_timeout = std::chrono::minutes(2);      // SOCKS BIND: until somebody has come
  // HTTP: a target that says nothing while nothing goes to it, a client that takes nothing.
  Duration response_timeout = std::chrono::minutes(5);
  DialOptions dial;  // its target is each client's own
};

}  // namespace tcp::stream
