// SPDX-License-Identifier: MIT
// From words to a channel: what lies between a connection that was asked for, or accepted, and its first byte of
// payload.
#pragma once

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/dial_options.hpp"
#include "libtcp/stream/established.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

// Dials (see dial()) and makes the connection ready for payload, all within the dial's timeout. What it needs for that
// is read before the first segment leaves. The references must outlive the wait, and the clock the channel.
[[nodiscard]] Awaitable<Result<Established>> establish(Executor executor, const DialOptions& options,
                                                       SessionObserver& observer, const Clock& clock);

}  // namespace tcp::stream
