// SPDX-License-Identifier: MIT
#include "libtcp/stream/event_queue.hpp"

#include <sys/timerfd.h>

#include <algorithm>
#include <limits>

namespace tcp::stream {
namespace {

constexpr std::size_t kEventsAtATime = 256;
constexpr std::uint64_t kTimerKey = std::numeric_limits<std::uint64_t>::max();

// Zero would disarm the timer: a time in the distant past is one nanosecond after boot.
itimerspec to_timer(MonotonicTime time) {
  itimerspec timer{};
  if (time == MonotonicTime::max()) return timer;
  const auto since_boot = std::max(time.time_since_epoch(), Duration(1));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  timer.it_value.tv_sec = seconds.count();
  timer.it_value.tv_nsec = (since_boot - seconds).count();
  return timer;
}

}  // namespace

Result<EventQueue> EventQueue::open(const Executor& executor) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return system_error("make an event queue");
  UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return system_error("make a timer");
  TCP_TRY_ASSIGN(ready, ReadyFd::open(executor, std::move(epoll), "an event queue"));
  EventQueue queue(std::move(ready), std::move(timer));
  TCP_TRY(queue.add(queue.timer_.get(), EPOLLIN, kTimerKey));
  return queue;
}

Result<void> EventQueue::control(int operation, int fd, std::uint32_t events, std::uint64_t key) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key;
  if (::epoll_ctl(epoll_.get(), operation, fd, &event) != 0) return system_error("watch a descriptor");
  return {};
}

Result<void> EventQueue::add(int fd, std::uint32_t events, std::uint64_t key) {
  return control(EPOLL_CTL_ADD, fd, events, key);
}

Result<void> EventQueue::change(int fd, std::uint32_t events, std::uint64_t key) {
  return control(EPOLL_CTL_MOD, fd, events, key);
}

void EventQueue::remove(int fd) noexcept { ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

Result<void> EventQueue::wake_at(MonotonicTime time) {
  if (armed_ == time) return {};
  const itimerspec timer = to_timer(time);
  if (::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &timer, nullptr) != 0) return system_error("set a timer");
  armed_ = time;
  return {};
}

// Until it has been read it stays readable.
void EventQueue::note_expired() {
  std::uint64_t times = 0;
  if (::read(timer_.get(), &times, sizeof times) == sizeof times) armed_.reset();
}

Result<std::span<const epoll_event>> EventQueue::take() {
  events_.resize(kEventsAtATime);
  const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), 0);
  if (count < 0 && errno != EINTR) return system_error("wait for events");
  events_.resize(static_cast<std::size_t>(std::max(count, 0)));
  if (std::erase_if(events_, [](const epoll_event& event) { return event.data.u64 == kTimerKey; }) > 0) note_expired();
  return events_;
}

}  // namespace tcp::stream
