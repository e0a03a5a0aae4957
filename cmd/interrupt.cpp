// SPDX-License-Identifier: MIT
#include "cmd/interrupt.hpp"

namespace tcp::cmd {
namespace {

std::atomic<bool> came = false;
std::atomic<int> number = 0;
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void on_signal(int signal) {
  number.store(signal, std::memory_order_relaxed);
  came.store(true, std::memory_order_relaxed);
}

}  // namespace

Interrupt::Interrupt() {
  came = false;
  number = 0;
  struct sigaction action{};
  action.sa_handler = on_signal;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &action, nullptr);
  }
}

Interrupt::~Interrupt() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
}

const std::atomic<bool>& Interrupt::flag() const noexcept { return came; }

void Interrupt::raise_again() const {
  const int signal = number.load(std::memory_order_relaxed);
  if (signal == 0) return;
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace tcp::cmd
