// SPDX-License-Identifier: MIT
#include "libtcp/stream/channel_deadline.hpp"

#include <sys/socket.h>

namespace tcp::stream {

ChannelDeadline::ChannelDeadline(const Executor& executor, Channel& channel, MonotonicTime time)
    : state_(std::make_shared<State>(State{channel.socket(), false})), timer_(executor) {
  if (time == MonotonicTime::max()) return;
  timer_.expires_at(time);
  timer_.async_wait([state = state_](std::error_code error) {
    if (error || state->socket < 0) return;
    state->passed = true;
    ::shutdown(state->socket, SHUT_RDWR);
  });
}

}  // namespace tcp::stream
