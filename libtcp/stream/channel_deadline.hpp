// SPDX-License-Identifier: MIT
// Ends the waits of a channel when its time is up; the channel stays of use.
#pragma once

#include <memory>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/channel.hpp"

namespace tcp::stream {

class ChannelDeadline {
 public:
  // The channel is borrowed, and must outlive it.
  ChannelDeadline(const Executor& executor, Channel& channel, MonotonicTime time)
      : state_(std::make_shared<State>(State{&channel, false})), timer_(executor) {
    if (time == MonotonicTime::max()) return;
    timer_.expires_at(time);
    timer_.async_wait([state = state_](std::error_code error) {
      if (error || state->channel == nullptr) return;
      state->passed = true;
      state->channel->cancel();
    });
  }
  ChannelDeadline(const ChannelDeadline&) = delete;
  ChannelDeadline& operator=(const ChannelDeadline&) = delete;
  // The timer may have expired already, with its handler still to run.
  ~ChannelDeadline() { state_->channel = nullptr; }

  [[nodiscard]] bool has_passed() const noexcept { return state_->passed; }

 private:
  struct State {
    Channel* channel;
    bool passed;
  };
  std::shared_ptr<State> state_;
  Timer timer_;
};

}  // namespace tcp::stream
