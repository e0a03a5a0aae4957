// SPDX-License-Identifier: MIT
#include "libtcp/net/wait.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cassert>

namespace tcp::net {
namespace {

// A deadline in the past may be so far away that the difference does not fit.
Duration left_until(MonotonicTime deadline) {
  const MonotonicTime now = SystemClock().now();
  return deadline > now ? deadline - now : Duration::zero();
}

}  // namespace

timespec to_timespec(Duration duration) noexcept {
  const Duration left = std::max(duration, Duration::zero());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  return {.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
}

Result<bool> wait_readable(int fd, MonotonicTime deadline) { return wait_readable(std::span(&fd, 1), deadline); }

Result<bool> wait_readable(std::span<const int> fds, MonotonicTime deadline) {
  std::array<pollfd, 8> wanted{};
  assert(fds.size() <= wanted.size());
  for (std::size_t i = 0; i < fds.size(); ++i) wanted[i] = {.fd = fds[i], .events = POLLIN, .revents = 0};
  timespec timeout{};
  const bool forever = deadline == MonotonicTime::max();
  if (!forever) timeout = to_timespec(left_until(deadline));
  const int ready = ::ppoll(wanted.data(), fds.size(), forever ? nullptr : &timeout, nullptr);
  if (ready < 0 && errno != EINTR) return system_error("wait for a packet");
  return ready > 0;
}

}  // namespace tcp::net
