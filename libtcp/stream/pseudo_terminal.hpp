// SPDX-License-Identifier: MIT
// A terminal that is a pair of descriptors (pty(7)).
#pragma once

#include <cstdint>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::stream {

struct WindowSize {
  std::uint16_t columns = 80;
  std::uint16_t rows = 24;
};

struct PseudoTerminal {
  UniqueFd ours;    // non-blocking; what is written here has been typed
  UniqueFd childs;  // the terminal itself
};

// Nobody's controlling terminal so far. Errors: no /dev/ptmx, or too many terminals.
[[nodiscard]] Result<PseudoTerminal> open_pseudo_terminal(WindowSize size);

}  // namespace tcp::stream
