// SPDX-License-Identifier: MIT
// A timer that most conversations never need: it takes a pointer's room until somebody waits.
#pragma once

#include <memory>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/asio.hpp"

namespace tcp::stream {

class LazyTimer {
 public:
  explicit LazyTimer(const Executor& executor) : executor_(executor) {}

  // Until then, or until cancel(): look at what was waited for.
  [[nodiscard]] Awaitable<void> wait_until(MonotonicTime when);
  void cancel() noexcept {
    if (timer_) timer_->cancel();
  }

 private:
  Executor executor_;
  std::unique_ptr<Timer> timer_;
};

}  // namespace tcp::stream
