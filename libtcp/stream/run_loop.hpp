// SPDX-License-Identifier: MIT
// The event loop of one run.
#pragma once

#include <span>

#include "libtcp/stream/asio.hpp"

namespace tcp::stream {

class RunLoop {
 public:
  [[nodiscard]] Executor executor() noexcept { return context_.get_executor(); }

  // Until `task` ends (0) or one of the signals arrives (its number); then `task` stays suspended until the loop is
  // destroyed, which must be before what it refers to. A signal that the process ignores stays ignored.
  [[nodiscard]] int run(Awaitable<void> task, std::span<const int> stop_signals);

 private:
  asio::io_context context_{1};
};

}  // namespace tcp::stream
