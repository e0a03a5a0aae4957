// SPDX-License-Identifier: MIT
#include "libtcp/stream/run_loop.hpp"

#include <csignal>
#include <exception>

namespace tcp::stream {
namespace {

// A shell that starts us in the background ignores SIGINT for us, nohup ignores SIGHUP.
bool is_ignored(int number) {
  struct sigaction action{};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

int RunLoop::run(Awaitable<void> task, std::span<const int> stop_signals) {
  int received = 0;
  asio::basic_signal_set<Executor> signals(executor());
  for (const int number : stop_signals) {
    std::error_code refused;
    if (!is_ignored(number)) signals.add(number, refused);
  }
  signals.async_wait([&](std::error_code error, int number) {
    if (error) return;
    received = number;
    context_.stop();
  });
  asio::co_spawn(context_, std::move(task), [&](const std::exception_ptr& exception) {
    context_.stop();
    if (exception) std::rethrow_exception(exception);  // out of memory
  });
  context_.run();
  return received;
}

}  // namespace tcp::stream
