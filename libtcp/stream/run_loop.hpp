// SPDX-License-Identifier: MIT
// The event loop of one run.
#pragma once

#include <functional>
#include <span>

#include "libtcp/stream/asio.hpp"

namespace tcp::stream {

class RunLoop {
 public:
  RunLoop();

  [[nodiscard]] Executor executor() noexcept { return context_.get_executor(); }

  // From here on these signals stop the loop instead of the process; one that the process ignores stays ignored.
  void stop_on(std::span<const int> signals);

  // Likewise, these call `action` each time they come.
  void call_on(std::span<const int> signals, std::function<void()> action);

  // Ends run() as soon as the current turn is over.
  void stop() noexcept { context_.stop(); }

  // Until `task` ends (0), stop() is called (0) or a signal stops it (its number); then `task` stays suspended until
  // the loop is destroyed.
  [[nodiscard]] int run(Awaitable<void> task);

 private:
  using Signals = asio::basic_signal_set<Executor>;
  static void add(Signals& set, std::span<const int> signals);
  void wait_for_call();

  // Other threads may post to it (a name has been looked up), and touch nothing else of it.
  asio::io_context context_{ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  Signals signals_{context_.get_executor()};
  Signals calls_{context_.get_executor()};
  std::function<void()> action_;
  Timer anchor_{context_.get_executor()};
  int received_ = 0;
};

}  // namespace tcp::stream
