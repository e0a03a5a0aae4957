// SPDX-License-Identifier: MIT
// Very many descriptors and a time behind one wait: an epoll(7) instance with a timer in it, itself one descriptor in
// the event loop.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/ready_fd.hpp"

namespace tcp::stream {

class EventQueue {
 public:
  [[nodiscard]] static Result<EventQueue> open(const Executor& executor);

  // `events`: EPOLLIN, EPOLLOUT. `key` comes back with each event; any but the largest number. The descriptor is
  // borrowed; closing it takes it out again.
  [[nodiscard]] Result<void> add(int fd, std::uint32_t events, std::uint64_t key);
  [[nodiscard]] Result<void> change(int fd, std::uint32_t events, std::uint64_t key);
  void remove(int fd) noexcept;

  // The wait also ends at `time` (CLOCK_MONOTONIC); MonotonicTime::max(): at none. Costs nothing when nothing changes.
  [[nodiscard]] Result<void> wake_at(MonotonicTime time);
  [[nodiscard]] Awaitable<std::error_code> wait() { return epoll_.readable(); }
  // Ends the wait that is under way with operation_aborted.
  void cancel() noexcept { epoll_.cancel(); }
  // What is ready now, the time not among it. Valid until the next call.
  [[nodiscard]] Result<std::span<const epoll_event>> take();

 private:
  EventQueue(ReadyFd epoll, UniqueFd timer) : epoll_(std::move(epoll)), timer_(std::move(timer)) {}
  void note_expired();
  [[nodiscard]] Result<void> control(int operation, int fd, std::uint32_t events, std::uint64_t key);

  ReadyFd epoll_;
  UniqueFd timer_;
  std::optional<MonotonicTime> armed_{MonotonicTime::max()};  // nothing: the timer has expired
  std::vector<epoll_event> events_;
};

}  // namespace tcp::stream
