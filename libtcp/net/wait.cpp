// SPDX-License-Identifier: MIT
#include "libtcp/net/wait.hpp"

#include <poll.h>

#include <algorithm>

namespace tcp::net {
namespace {

timespec to_timespec(Duration duration) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
  return {.tv_sec = seconds.count(), .tv_nsec = (duration - seconds).count()};
}

}  // namespace

Result<bool> wait_readable(int fd, MonotonicTime deadline) {
  pollfd wanted{.fd = fd, .events = POLLIN, .revents = 0};
  timespec timeout{};
  const bool forever = deadline == MonotonicTime::max();
  if (!forever) timeout = to_timespec(std::max(deadline - SystemClock().now(), Duration::zero()));
  const int ready = ::ppoll(&wanted, 1, forever ? nullptr : &timeout, nullptr);
  if (ready < 0 && errno != EINTR) return system_error("wait for a packet");
  return ready > 0;
}

}  // namespace tcp::net
