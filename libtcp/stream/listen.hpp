// SPDX-License-Identifier: MIT
// The engine of `listen`: accepts clients and joins each with the local end.
#pragma once

#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/listen_options.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

struct ListenOutcome {
  std::uint64_t connections = 0;
  std::optional<Closed> last;  // how the last of them ended
  bool timed_out = false;      // nobody came within the accept timeout
  int signal = 0;              // the one that stopped it
};

// Blocks until the one client has been served; with keep_open until nobody comes any more, the local output fails, or a
// signal. Clients are served one after another, others wait in the kernel's queue; without keep_open they are refused
// once the first has come. Errors: what kept it from listening or accepting.
[[nodiscard]] Result<ListenOutcome> run_listen(const ListenOptions& options, SessionObserver& observer,
                                               const Clock& clock);

}  // namespace tcp::stream
