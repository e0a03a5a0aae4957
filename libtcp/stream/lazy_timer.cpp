// SPDX-License-Identifier: MIT
#include "libtcp/stream/lazy_timer.hpp"

namespace tcp::stream {

Awaitable<void> LazyTimer::wait_until(MonotonicTime when) {
  if (!timer_) timer_ = std::make_unique<Timer>(executor_);
  timer_->expires_at(when);
  auto [ignored] = co_await timer_->async_wait(kToken);
  (void)ignored;
}

}  // namespace tcp::stream
