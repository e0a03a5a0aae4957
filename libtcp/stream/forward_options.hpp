// SPDX-License-Identifier: MIT
// Where the bytes of clients are forwarded to.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/dial_options.hpp"
#include "libtcp/stream/proxy_protocol.hpp"

namespace tcp::stream {

// Which of several targets a new client gets.
enum class Balance : std::uint8_t {
  round_robin,
  random,
  least,  // the one with the fewest conversations
};

struct ForwardOptions {
  std::vector<DialOptions> targets;
  bool transparent = false;  // instead: where the client was going before the firewall brought it here
  Balance balance = Balance::round_robin;
  // How long a target that could not be reached is tried only after all others.
  Duration dead_time = std::chrono::seconds(10);
  std::optional<ProxyVersion> send_proxy;  // the target is told first whose connection it is
  bool outlives_clients = false;           // another client may come after one that could not be served
};

}  // namespace tcp::stream
