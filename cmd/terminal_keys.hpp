// SPDX-License-Identifier: MIT
// What somebody at the terminal has pressed.
#pragma once

#include <termios.h>

#include <optional>
#include <string>

namespace tcp::cmd {

// While it lives, keys on standard input come at once and are not shown; signals are made as ever.
class TerminalKeys {
 public:
  // Does nothing unless standard input is a terminal whose foreground we are, and `wanted`.
  explicit TerminalKeys(bool wanted);
  ~TerminalKeys();
  TerminalKeys(const TerminalKeys&) = delete;
  TerminalKeys& operator=(const TerminalKeys&) = delete;

  // All keys since the last call, as the terminal sends them. Never waits.
  [[nodiscard]] std::string take() const;
  // Enter or space, since the last call. Never waits.
  [[nodiscard]] bool pressed() const;

 private:
  std::optional<termios> before_;
};

}  // namespace tcp::cmd
