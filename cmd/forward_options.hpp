// SPDX-License-Identifier: MIT
// --forward and what belongs to it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/command.hpp"
#include "libtcp/stream/forward_options.hpp"

namespace tcp::cmd {

struct ForwardWords {
  std::vector<std::string> targets;
  std::string balance;

  void define(CLI::App& app);
  // Nothing when there is nothing to forward to. `dial`: what all targets have in common.
  [[nodiscard]] Result<std::optional<stream::ForwardOptions>> settle(const stream::DialOptions& dial) const;
};

}  // namespace tcp::cmd
