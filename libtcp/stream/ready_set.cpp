// SPDX-License-Identifier: MIT
#include "libtcp/stream/ready_set.hpp"

namespace tcp::stream {

Result<ReadySet> ReadySet::open(const Executor& executor) {
  TCP_TRY_ASSIGN(queue, EventQueue::open(executor));
  return ReadySet(std::move(queue));
}

Result<void> ReadySet::add(int fd, std::uint32_t events) {
  return queue_.add(fd, events, static_cast<std::uint64_t>(fd));
}

Result<std::vector<int>> ReadySet::take() {
  TCP_TRY_ASSIGN(events, queue_.take());
  std::vector<int> ready;
  for (const epoll_event& event : events) ready.push_back(static_cast<int>(event.data.u64));
  return ready;
}

Awaitable<Result<std::vector<int>>> ReadySet::wait(MonotonicTime deadline) {
  if (auto armed = queue_.wake_at(deadline); !armed) co_return std::unexpected(std::move(armed).error());
  const std::error_code error = co_await queue_.wait();
  if (error) co_return std::unexpected(Error{error, "wait for events", {}, {}});
  co_return take();
}

}  // namespace tcp::stream
