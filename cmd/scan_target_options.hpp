// SPDX-License-Identifier: MIT
// Whom `scan` probes: TARGET, files of targets, what is excluded, and who says that it may.
#pragma once

#include <string>
#include <vector>

#include "cmd/options.hpp"
#include "libtcp/scan/target_list.hpp"

namespace tcp::cmd {

struct ScanTargetOptions {
  std::vector<std::string> words;  // "-" is standard input, "@FILE" a file
  std::vector<std::string> files;
  std::vector<std::string> excluded_words;
  std::vector<std::string> excluded_files;
  bool first_address_only = false;
  bool allowed = false;
  AddressOptions addresses;

  void define(CLI::App& app);
  // Errors: a word that is off. Files are not touched.
  [[nodiscard]] Result<void> settle() const;
  // Reads files and standard input, looks names up. Errors: a file that cannot be read or says something else than
  // targets; those of scan::resolve_targets().
  [[nodiscard]] Result<scan::Targets> resolve() const;
  // Errors: too many addresses that are somebody else's, and nobody said that they agreed.
  [[nodiscard]] Result<void> check_permission(const scan::TargetSet& targets) const;
  // It holds the targets, so that no key can be pressed there.
  [[nodiscard]] bool reads_standard_input() const;
};

}  // namespace tcp::cmd
