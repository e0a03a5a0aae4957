// SPDX-License-Identifier: MIT
// What `scan` shows, and how.
#pragma once

#include "cmd/options.hpp"

namespace tcp::cmd {

struct ScanOutputOptions {
  bool open_only = false;
  bool verbose = false;
  OutputOptions common;

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();
};

}  // namespace tcp::cmd
