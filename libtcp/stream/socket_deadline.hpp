// SPDX-License-Identifier: MIT
// Shuts a socket down when its time is up, which ends whatever waits for it.
#pragma once

#include <sys/socket.h>

#include <memory>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/asio.hpp"

namespace tcp::stream {

class SocketDeadline {
 public:
  // The socket is borrowed, and must outlive it.
  SocketDeadline(const Executor& executor, int socket, MonotonicTime time)
      : state_(std::make_shared<State>(State{socket, false})), timer_(executor) {
    if (time == MonotonicTime::max()) return;
    timer_.expires_at(time);
    timer_.async_wait([state = state_](std::error_code error) {
      if (error || state->socket < 0) return;
      state->passed = true;
      ::shutdown(state->socket, SHUT_RDWR);
    });
  }
  SocketDeadline(const SocketDeadline&) = delete;
  SocketDeadline& operator=(const SocketDeadline&) = delete;
  // The timer may have expired already, with its handler still to run.
  ~SocketDeadline() { state_->socket = -1; }

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
