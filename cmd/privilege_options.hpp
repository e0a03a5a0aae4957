// SPDX-License-Identifier: MIT
// --user, --group, --chroot: whom `listen` becomes once it listens.
#pragma once

#include <optional>
#include <string>

#include "cmd/command.hpp"
#include "libtcp/net/identity.hpp"

namespace tcp::cmd {

struct PrivilegeWords {
  net::IdentityNames names;

  void define(CLI::App& app);
  // Nothing when none of the options was given. Errors: a name that is unknown, a directory that is none.
  [[nodiscard]] Result<std::optional<net::Identity>> settle() const;
};

}  // namespace tcp::cmd
