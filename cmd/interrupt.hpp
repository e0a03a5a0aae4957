// SPDX-License-Identifier: MIT
// Notices SIGINT, SIGTERM and SIGHUP, so that a run can end in order; afterwards the signal is raised again.
#pragma once

#include <signal.h>

#include <array>
#include <atomic>

namespace tcp::cmd {

class Interrupt {
 public:
  // One at a time. Signals that the process was told to ignore stay ignored. System calls are not restarted.
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // True once a signal came.
  [[nodiscard]] const std::atomic<bool>& flag() const noexcept;
  // Dies by the signal that came; returns when there was none.
  void raise_again() const;

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace tcp::cmd
