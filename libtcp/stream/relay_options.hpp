// SPDX-License-Identifier: MIT
// How a channel is joined with the local end.
#pragma once

#include <cstdint>

#include "libtcp/base/clock.hpp"

namespace tcp::stream {

enum class Direction : std::uint8_t {
  both,
  send_only,     // what arrives is thrown away; the end of the local input ends the conversation
  receive_only,  // the local input is never read, and no FIN sent before the peer's
};

struct RelayOptions {
  Direction direction = Direction::both;
  Duration idle_timeout{};  // zero: none
  // The peer's FIN ends the conversation even though the local input is still open. For a terminal: nobody there would
  // otherwise know that it is time to press Ctrl-D.
  bool finish_at_remote_end = false;
  // The peer's FIN ends the local output. Not when another connection will use it.
  bool close_output = true;
  // How long the peer may take to acknowledge anything of what is outstanding after both directions have ended.
  Duration delivery_patience = std::chrono::seconds(30);
};

}  // namespace tcp::stream
