// SPDX-License-Identifier: MIT
// Which ports `scan` probes: -p, --top, --exclude-ports.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cmd/options.hpp"

namespace tcp::cmd {

struct ScanPortWords {
  std::string ports;
  std::string top;
  std::string excluded;

  void define(CLI::App& app);
  // In the order of the list they come from, each once. Errors: words that are off; nothing left.
  [[nodiscard]] Result<std::vector<std::uint16_t>> settle() const;
};

}  // namespace tcp::cmd
