// SPDX-License-Identifier: MIT
// Whom `listen` lets in, and how many at a time.
#pragma once

#include <string>
#include <string_view>

#include "cmd/options.hpp"
#include "libtcp/stream/door_options.hpp"

namespace tcp::cmd {

// Errors: what AccessList::load() says of the rules, about `option`.
[[nodiscard]] Result<void> check_access(std::string_view option, const stream::AccessRules& rules);

struct DoorWords {
  std::string max_connections;
  std::string max_per_host;
  std::string when_full;

  stream::DoorOptions door;  // once settled

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();
};

}  // namespace tcp::cmd
