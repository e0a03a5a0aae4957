// SPDX-License-Identifier: MIT
#include "cmd/terminal_keys.hpp"

#include <unistd.h>

#include <array>
#include <string_view>

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

bool TerminalKeys::pressed() const {
  if (!before_ || !in_foreground()) return false;
  std::array<char, 64> keys;
  const ssize_t count = ::read(STDIN_FILENO, keys.data(), keys.size());
  return count > 0 && std::string_view(keys.data(), static_cast<std::size_t>(count)).find_first_of(" \r\n") !=
                          std::string_view::npos;
}

}  // namespace tcp::cmd
