// SPDX-License-Identifier: MIT
// Several descriptors and a deadline behind one wait.
#pragma once

#include <cstdint>
#include <vector>

#include "libtcp/stream/event_queue.hpp"

namespace tcp::stream {

class ReadySet {
 public:
  [[nodiscard]] static Result<ReadySet> open(const Executor& executor);

  // `events`: EPOLLIN, EPOLLOUT. The descriptor is borrowed; closing it takes it out again.
  [[nodiscard]] Result<void> add(int fd, std::uint32_t events);

  // The descriptors that are ready (errors count as ready), or none at the deadline. The time is CLOCK_MONOTONIC.
  [[nodiscard]] Awaitable<Result<std::vector<int>>> wait(MonotonicTime deadline);
  // Ends a wait that is under way with operation_aborted.
  void cancel() noexcept { queue_.cancel(); }

 private:
  explicit ReadySet(EventQueue queue) : queue_(std::move(queue)) {}
  [[nodiscard]] Result<std::vector<int>> take();

  EventQueue queue_;
};

}  // namespace tcp::stream
