// SPDX-License-Identifier: MIT
// Whom `listen` lets in, and how many at a time.
#pragma once

#include <string>

#include "cmd/options.hpp"
#include "libtcp/stream/door_options.hpp"

namespace tcp::cmd {

struct DoorWords {
  std::string max_connections;
  std::string max_per_host;
  std::string when_full;

  stream::DoorOptions door;  // once settled

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();
};

}  // namespace tcp::cmd
