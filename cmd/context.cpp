// SPDX-License-Identifier: MIT
#include "cmd/command.hpp"
#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {

void Context::warn(std::string_view message) const {
  err.line(paint(err.terminal(), Style::yellow, "tcpbox: warning:") + " " + sanitize(message));
}

void Context::note(std::string_view message) const { err.line(sanitize(message)); }

}  // namespace tcp::cmd
