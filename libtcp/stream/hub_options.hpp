// SPDX-License-Identifier: MIT
// What all clients of a run are joined with in one place, instead of each with an end of its own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libtcp/base/clock.hpp"

namespace tcp::stream {

enum class HubKind : std::uint8_t {
  broker,   // everyone's bytes to everyone else
  chat,     // likewise line by line, with who said it
  echo,     // RFC 862
  discard,  // RFC 863
  chargen,  // RFC 864
  daytime,  // RFC 867
};

struct HubOptions {
  HubKind kind = HubKind::broker;
  // Of a broker or a chat: what may wait for one client (one more read can go beyond it), and how long a client may
  // take nothing of it before it is dropped.
  std::size_t queue_bytes = std::size_t{1} << 20;
  Duration stuck_timeout = std::chrono::seconds(30);
  Duration idle_timeout{};  // zero: none
};

}  // namespace tcp::stream
