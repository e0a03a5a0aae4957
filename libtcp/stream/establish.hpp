// SPDX-License-Identifier: MIT
// From words to a channel: what lies between a connection that was asked for, or accepted, and its first byte of
// payload.
#pragma once

#include <memory>
#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/dial_options.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

struct Established {
  std::unique_ptr<Channel> channel;
  Connected connected;  // what is known of the way here; no id yet
};

// Dials (see dial()) and makes the connection ready for payload, all within the dial's timeout. The references must
// outlive the wait.
[[nodiscard]] Awaitable<Result<Established>> establish(Executor executor, const DialOptions& options,
                                                       SessionObserver& observer, const Clock& clock);

}  // namespace tcp::stream
