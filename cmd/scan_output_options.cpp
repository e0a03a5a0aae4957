// SPDX-License-Identifier: MIT
#include "cmd/scan_output_options.hpp"

#include <CLI/CLI.hpp>

namespace tcp::cmd {

void ScanOutputOptions::define(CLI::App& app) {
  app.add_flag("--open", open_only, "Show ports that are open or may be")->group("Output");
  app.add_flag("-v,--verbose", verbose, "Show every port and every host")->group("Output");
  common.define(app);
}

Result<void> ScanOutputOptions::settle() { return common.settle(); }

}  // namespace tcp::cmd
