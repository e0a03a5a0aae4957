// SPDX-License-Identifier: MIT
#include "cmd/privilege_options.hpp"

#include <sys/stat.h>

#include <CLI/CLI.hpp>

#include "cmd/options.hpp"

namespace tcp::cmd {
namespace {

constexpr const char* kGroup = "Privileges";

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

void PrivilegeWords::define(CLI::App& app) {
  app.add_option("--user", names.user, "Become this user once it listens, with its groups and no capability")
      ->type_name("NAME|ID")
      ->group(kGroup);
  app.add_option("--group", names.group, "Become this group, instead of the user's")
      ->type_name("NAME|ID")
      ->group(kGroup);
  app.add_option("--chroot", names.root, "See nothing of the file system but this directory, from then on")
      ->type_name("DIR")
      ->group(kGroup);
}

Result<std::optional<net::Identity>> PrivilegeWords::settle() const {
  if (names.user.empty() && names.group.empty() && names.root.empty()) return std::nullopt;
  if (!names.root.empty() && !is_directory(names.root)) {
    return usage_error("--chroot '" + names.root + "'", "is no directory");
  }
  auto identity = net::Identity::resolve(names);
  if (identity) return *std::move(identity);
  const bool is_of_group = identity.error().attempt.starts_with("group");
  return in_option(is_of_group ? "--group" : "--user", std::move(identity).error());
}

}  // namespace tcp::cmd
