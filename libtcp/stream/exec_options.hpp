// SPDX-License-Identifier: MIT
// A program that connections are joined with, each with a child process of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libtcp/stream/pseudo_terminal.hpp"

namespace tcp::stream {

// Where a child's standard error goes.
enum class ErrorOutput : std::uint8_t {
  log,    // to the observer, line by line
  merge,  // to the peer, with the standard output
  drop,   //
};

struct ExecOptions {
  std::vector<std::string> program;             // its name or path, then its arguments
  ErrorOutput error_output = ErrorOutput::log;  // without a terminal
  // In place of pipes: the child's three standard descriptors are a terminal of this size, which controls its session.
  std::optional<WindowSize> terminal;
};

}  // namespace tcp::stream
