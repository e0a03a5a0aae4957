// SPDX-License-Identifier: MIT
// Several descriptors and a deadline behind one wait: an epoll(7) instance with a timer in it, itself in the event
// loop.
#pragma once

#include <cstdint>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/ready_fd.hpp"

namespace tcp::stream {

class ReadySet {
 public:
  [[nodiscard]] static Result<ReadySet> open(const Executor& executor);

  // `events`: EPOLLIN, EPOLLOUT. The descriptor is borrowed; closing it takes it out again.
  [[nodiscard]] Result<void> add(int fd, std::uint32_t events);

  // The descriptors that are ready (errors count as ready), or none at the deadline. The time is CLOCK_MONOTONIC.
  [[nodiscard]] Awaitable<Result<std::vector<int>>> wait(MonotonicTime deadline);
  // Ends a wait that is under way with operation_aborted.
  void cancel() noexcept { epoll_.cancel(); }

 private:
  ReadySet(ReadyFd epoll, UniqueFd timer) : epoll_(std::move(epoll)), timer_(std::move(timer)) {}
  [[nodiscard]] Result<void> set_timer(MonotonicTime deadline);
  [[nodiscard]] Result<std::vector<int>> take();

  ReadyFd epoll_;
  UniqueFd timer_;
};

}  // namespace tcp::stream
