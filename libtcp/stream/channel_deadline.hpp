// SPDX-License-Identifier: MIT
// A bound on what is done with a channel before its payload.
#pragma once

#include <sys/socket.h>

#include <memory>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/channel.hpp"

namespace tcp::stream {

// Shuts a channel's socket down when its time is up, which ends whatever waits for it.
class ChannelDeadline {
 public:
  ChannelDeadline(const Executor& executor, Channel& channel, MonotonicTime time)
      : state_(std::make_shared<State>(State{channel.socket(), false})), timer_(executor) {
    if (time == MonotonicTime::max()) return;
    timer_.expires_at(time);
    timer_.async_wait([state = state_](std::error_code error) {
      if (error || state->socket < 0) return;
      state->passed = true;
      ::shutdown(state->socket, SHUT_RDWR);
    });
  }
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
