// SPDX-License-Identifier: MIT
// Where to connect to, from where, and how long to try.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/net/resolver.hpp"
#include "libtcp/ports/port_set.hpp"
#include "libtcp/stream/proxy.hpp"
#include "libtcp/stream/socket_options.hpp"
#include "libtcp/stream/target.hpp"
#include "libtcp/stream/tls_options.hpp"

namespace tcp::stream {

// net::resolve, or what a test puts in its place. Called from other threads, for each family at the same time.
using Resolver = std::function<Result<std::vector<IpAddress>>(const std::string&, const net::ResolveOptions&)>;

struct DialOptions {
  Target target;
  std::vector<IpAddress> addresses;  // of the host, when they are known already
  std::optional<Family> family;
  bool numeric_only = false;
  Duration timeout = std::chrono::seconds(30);              // of everything: name, all addresses, TLS; zero: none
  Duration attempt_delay = std::chrono::milliseconds(250);  // RFC 8305 §5, Connection Attempt Delay
  std::optional<IpAddress> source_address;
  std::optional<ports::PortRange> source_ports;  // the first that is free, from a random one on
  SocketOptions socket;
  std::vector<Proxy> proxies;                 // the first is dialled, and the last leads to the target
  std::optional<TlsClientOptions> tls;        // with the target
  std::optional<TlsClientOptions> proxy_tls;  // with proxies of the kind https
  Resolver resolver = net::resolve;
};

}  // namespace tcp::stream
