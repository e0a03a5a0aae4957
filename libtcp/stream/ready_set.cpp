// SPDX-License-Identifier: MIT
#include "libtcp/stream/ready_set.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>

namespace tcp::stream {
namespace {

// Zero would disarm the timer: a deadline in the distant past is one nanosecond after boot.
itimerspec to_timer(MonotonicTime deadline) {
  itimerspec timer{};
  if (deadline == MonotonicTime::max()) return timer;
  const auto since_boot = std::max(deadline.time_since_epoch(), Duration(1));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  timer.it_value.tv_sec = seconds.count();
  timer.it_value.tv_nsec = (since_boot - seconds).count();
  return timer;
}

}  // namespace

Result<ReadySet> ReadySet::open(const Executor& executor) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return system_error("make an event queue");
  UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return system_error("make a timer");
  TCP_TRY_ASSIGN(ready, ReadyFd::open(executor, std::move(epoll), "an event queue"));
  ReadySet set(std::move(ready), std::move(timer));
  TCP_TRY(set.add(set.timer_.get(), EPOLLIN));
  return set;
}

Result<void> ReadySet::add(int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return system_error("watch a descriptor");
  return {};
}

Result<void> ReadySet::set_timer(MonotonicTime deadline) {
  const itimerspec timer = to_timer(deadline);
  if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &timer, nullptr) != 0) return system_error("set a timer");
  return {};
}

Result<std::vector<int>> ReadySet::take() {
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  if (count < 0 && errno != EINTR) return system_error("wait for events");
  std::vector<int> ready;
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<std::size_t>(i)].data.fd;
    if (fd != timer_.get()) ready.push_back(fd);
  }
  return ready;
}

Awaitable<Result<std::vector<int>>> ReadySet::wait(MonotonicTime deadline) {
  if (auto armed = set_timer(deadline); !armed) co_return std::unexpected(std::move(armed).error());
  const std::error_code error = co_await epoll_.readable();
  if (error) co_return std::unexpected(Error{error, "wait for events", {}, {}});
  co_return take();
}

}  // namespace tcp::stream
