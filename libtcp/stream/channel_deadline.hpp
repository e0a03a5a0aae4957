// SPDX-License-Identifier: MIT
// Ends whatever waits for a channel when its time is up; the connection stays as it is. It can be moved on at no cost.
#pragma once

#include <memory>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/channel.hpp"

namespace tcp::stream {

class ChannelDeadline {
 public:
  // The references must outlive it.
  ChannelDeadline(const Executor& executor, Channel& channel, const Clock& clock)
      : state_(std::make_shared<State>(State{&channel, MonotonicTime::max(), false, false})),
        timer_(std::make_shared<Timer>(executor)),
        clock_(clock) {}
  ChannelDeadline(const ChannelDeadline&) = delete;
  ChannelDeadline& operator=(const ChannelDeadline&) = delete;
  // The timer may have expired already, with its handler still to run.
  ~ChannelDeadline() {
    state_->channel = nullptr;
    timer_->cancel();
  }

  // From now on; what has passed before is forgotten.
  void set(Duration patience) {
    state_->time = clock_.now() + patience;
    state_->has_passed = false;
    if (!state_->is_armed || timer_->expiry() > state_->time) arm(state_, timer_, clock_);
  }
  // Before each wait: one that begins afterwards is not ended.
  [[nodiscard]] bool has_passed() const noexcept { return state_->has_passed; }

 private:
  struct State {
    Channel* channel;
    MonotonicTime time;
    bool has_passed;
    bool is_armed;
  };

  static void arm(const std::shared_ptr<State>& state, const std::shared_ptr<Timer>& timer, const Clock& clock) {
    state->is_armed = true;
    timer->expires_at(state->time);
    timer->async_wait([state, timer, &clock](std::error_code error) {
      if (error || state->channel == nullptr) return;
      if (clock.now() < state->time) return arm(state, timer, clock);
      state->is_armed = false;
      state->has_passed = true;
      state->channel->cancel();
    });
  }

  std::shared_ptr<State> state_;
  std::shared_ptr<Timer> timer_;
  const Clock& clock_;
};

}  // namespace tcp::stream
