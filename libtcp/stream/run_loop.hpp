// SPDX-License-Identifier: MIT
// The event loop of one run.
#pragma once

#include <span>

#include "libtcp/stream/asio.hpp"

namespace tcp::stream {

class RunLoop {
 public:
  [[nodiscard]] Executor executor() noexcept { return context_.get_executor(); }

  // From here on these signals stop the loop instead of the process; one that the process ignores stays ignored.
  void stop_on(std::span<const int> signals);

  // Until `task` ends (0) or a signal stops it (its number); then `task` stays suspended until the loop is destroyed.
  [[nodiscard]] int run(Awaitable<void> task);

 private:
  asio::io_context context_{1};
  asio::basic_signal_set<Executor> signals_{context_.get_executor()};
  int received_ = 0;
};

}  // namespace tcp::stream
