// SPDX-License-Identifier: MIT
// Whom a process becomes, and what it then sees of the file system, once it has opened all that takes privileges.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "libtcp/base/error.hpp"

namespace tcp::net {

struct IdentityNames {
  std::string user;   // name or number; empty: as it is
  std::string group;  // likewise; empty: the user's
  std::string root;   // a directory; empty: as it is
};

class Identity {
 public:
  // Asks the databases of users and groups, which may be out of reach later. Errors: a name is unknown; a number that
  // no user has, without a group.
  [[nodiscard]] static Result<Identity> resolve(const IdentityNames& names);

  // The root directory, then all groups, then the user, each real, effective and saved; whatever the names say, no
  // capability is left, and none comes back with another program (no_new_privs). Checks that there is no way back. It
  // is the whole process that changes; capabilities are those of this thread and of the ones that it starts from now
  // on, so it should be alone. When it fails, go no further: a part may have been done. Errors: what is missing, by
  // name.
  [[nodiscard]] Result<void> assume() const;

 private:
  [[nodiscard]] Result<void> resolve_user();
  [[nodiscard]] Result<void> resolve_group();
  [[nodiscard]] Result<void> change_root() const;
  [[nodiscard]] Result<void> change_groups() const;
  [[nodiscard]] Result<void> change_user() const;
  [[nodiscard]] Result<void> check() const;

  IdentityNames names_;
  std::optional<uid_t> user_;
  std::optional<gid_t> group_;
  std::vector<gid_t> groups_;  // supplementary
};

}  // namespace tcp::net
