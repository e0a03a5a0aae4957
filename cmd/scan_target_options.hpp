// SPDX-License-Identifier: MIT
// Whom `scan` probes: TARGET, --exclude, and who says that it may.
#pragma once

#include <string>
#include <vector>

#include "cmd/options.hpp"
#include "libtcp/scan/target_spec.hpp"

namespace tcp::cmd {

struct ScanTargetOptions {
  std::vector<std::string> words;
  std::vector<std::string> excluded_words;
  bool first_address_only = false;
  bool allowed = false;
  AddressOptions addresses;

  std::vector<scan::TargetSpec> wanted;  // once settled
  std::vector<scan::TargetSpec> excluded;

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();
  // Looks names up.
  [[nodiscard]] Result<scan::Targets> resolve() const;
  // Errors: too many addresses that are somebody else's, and nobody said that they agreed.
  [[nodiscard]] Result<void> check_permission(const scan::TargetSet& targets) const;
};

}  // namespace tcp::cmd
