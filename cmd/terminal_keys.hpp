// SPDX-License-Identifier: MIT
// Whether somebody at the terminal has pressed Enter or space.
#pragma once

#include <termios.h>

#include <optional>

namespace tcp::cmd {

// While it lives, keys on standard input come at once and are not shown; signals are made as ever.
class TerminalKeys {
 public:
  // Does nothing unless standard input is a terminal whose foreground we are, and `wanted`.
  explicit TerminalKeys(bool wanted);
  ~TerminalKeys();
  TerminalKeys(const TerminalKeys&) = delete;
  TerminalKeys& operator=(const TerminalKeys&) = delete;

  // Since the last call. Never waits.
  [[nodiscard]] bool pressed() const;

 private:
  std::optional<termios> before_;
};

}  // namespace tcp::cmd
