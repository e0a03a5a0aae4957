// SPDX-License-Identifier: MIT
#include "cmd/terminal_keys.hpp"

#include <unistd.h>

#include <array>

namespace tcp::cmd {
namespace {

// In the background, reading or changing the terminal would stop the process.
bool in_foreground() { return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp(); }

}  // namespace

TerminalKeys::TerminalKeys(bool wanted) {
  termios settings{};
  if (!wanted || !in_foreground() || ::tcgetattr(STDIN_FILENO, &settings) != 0) return;
  before_ = settings;
  settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  settings.c_cc[VMIN] = 0;
  settings.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

TerminalKeys::~TerminalKeys() {
  if (before_ && in_foreground()) ::tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
}

std::string TerminalKeys::take() const {
  if (!before_ || !in_foreground()) return {};
  std::array<char, 64> keys;
  const ssize_t count = ::read(STDIN_FILENO, keys.data(), keys.size());
  return count > 0 ? std::string(keys.data(), static_cast<std::size_t>(count)) : std::string();
}

bool TerminalKeys::pressed() const { return take().find_first_of(" \r\n") != std::string::npos; }

}  // namespace tcp::cmd
