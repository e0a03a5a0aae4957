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

// The kernel's timer is set whenever one comes first. Those that never expire, of which each conversation has some,
// come after this one, and cost it nothing.
RunLoop::RunLoop() {
  anchor_.expires_at(Timer::time_point::max() - std::chrono::hours(1));
  anchor_.async_wait([](std::error_code) {});
}

void RunLoop::add(Signals& set, std::span<const int> signals) {
  for (const int number : signals) {
    std::error_code refused;
    if (!is_ignored(number)) set.add(number, refused);
  }
}

void RunLoop::stop_on(std::span<const int> signals) {
  add(signals_, signals);
  signals_.async_wait([this](std::error_code error, int number) {
    if (error) return;
    received_ = number;
    context_.stop();
  });
}

void RunLoop::call_on(std::span<const int> signals, std::function<void()> action) {
  if (signals.empty()) return;
  add(calls_, signals);
  action_ = std::move(action);
  wait_for_call();
}

void RunLoop::wait_for_call() {
  calls_.async_wait([this](std::error_code error, int) {
    if (error) return;
    action_();
    wait_for_call();
  });
}

int RunLoop::run(Awaitable<void> task) {
  asio::co_spawn(context_, std::move(task), [this](const std::exception_ptr& exception) {
    context_.stop();
    if (exception) std::rethrow_exception(exception);  // out of memory
  });
  context_.run();
  return received_;
}

}  // namespace tcp::stream
