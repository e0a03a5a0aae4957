// SPDX-License-Identifier: MIT
// The engine of `listen`: accepts clients and has each served.
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
  bool service_over = false;   // what clients were joined with is gone
  int signal = 0;              // the one that stopped it
};

// Blocks until the one client has been served; with keep_open until nobody comes any more within the accept timeout,
// the service is over, or a signal. Without keep_open others are refused once the first has come. Errors: what kept it
// from listening, accepting or serving.
[[nodiscard]] Result<ListenOutcome> run_listen(const ListenOptions& options, SessionObserver& observer,
                                               const Clock& clock);

}  // namespace tcp::stream
