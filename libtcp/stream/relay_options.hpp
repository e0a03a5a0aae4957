// SPDX-License-Identifier: MIT
// How a channel is joined with the local end.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"

namespace tcp::stream {

class TapSource;

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
  // Never that, whoever would ask for it.
  bool half_open = false;
  // The peer's FIN ends the local output. Not when another connection will use it.
  bool close_output = true;
  // How long the peer may take to acknowledge anything of what is outstanding after both directions have ended.
  Duration delivery_patience = std::chrono::seconds(30);

  // So long after our FIN it ends even if the peer goes on.
  std::optional<Duration> quit_after;
  // It ends, and well, when so many bytes have been received; a peer that ends before has not given what was wanted.
  std::optional<std::uint64_t> until_bytes;
  bool crlf = false;                    // LF becomes CR LF on the way to the peer
  Duration line_delay{};                // between lines sent
  std::uint64_t rate_bytes_per_s = 0;   // of each direction by itself; 0: no limit
  Duration progress_interval{};         // how often the observer is told of the traffic; zero: never
  std::vector<TapSource*> tap_sources;  // borrowed; each looks at the payload of every conversation
};

}  // namespace tcp::stream
