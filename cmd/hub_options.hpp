// SPDX-License-Identifier: MIT
// What `listen` joins all its clients with in one place: --broker, --chat, and services that do so.
#pragma once

#include <optional>
#include <string>

#include "cmd/options.hpp"
#include "libtcp/stream/hub_options.hpp"

namespace tcp::cmd {

struct HubWords {
  bool broker = false;
  bool chat = false;
  std::string queue;
  std::string stuck_timeout;

  std::optional<stream::HubOptions> hub;  // once settled; nothing when none of them was asked for

  void define(CLI::App& app);
  // `served`: the service that was asked for, where it is one of these.
  [[nodiscard]] Result<void> settle(std::optional<stream::HubKind> served);
  // Clients who hear each other are never only one.
  [[nodiscard]] bool implies_keep_open() const noexcept { return broker || chat; }
};

}  // namespace tcp::cmd
