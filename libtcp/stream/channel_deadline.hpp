// SPDX-License-Identifier: MIT
// A bound on how long a channel may be waited for before it carries payload.
#pragma once

#include <memory>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/channel.hpp"

namespace tcp::stream {

// Shuts the channel's socket down when its time is up, which ends whatever waits for it.
class ChannelDeadline {
 public:
  // MonotonicTime::max(): never.
  ChannelDeadline(const Executor& executor, Channel& channel, MonotonicTime time);
  ChannelDeadline(const ChannelDeadline&) = delete;
  ChannelDeadline& operator=(const ChannelDeadline&) = delete;
  // The timer may have expired already, with its handler still to run.
  ~ChannelDeadline() { state_->socket = -1; }

  [[nodiscard]] bool has_passed() const noexcept { return state_->passed; }

 private:
  struct State {
    int socket;
    bool passed;
  };
  std::shared_ptr<State> state_;
  Timer timer_;
};

}  // namespace tcp::stream
