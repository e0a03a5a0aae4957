// SPDX-License-Identifier: MIT
// Which process holds a socket: /proc/PID/fd is searched for its inode.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace tcp::sockets {

struct Owner {
  pid_t pid = 0;
  std::string name;  // /proc/PID/comm: chosen by the process itself, so not to be trusted
};

struct Owners {
  std::map<std::uint32_t, Owner> by_inode;
  // Processes that may not be looked into (another user's, without CAP_SYS_PTRACE).
  std::size_t forbidden = 0;

  // Null when nobody was found.
  [[nodiscard]] const Owner* find(std::uint32_t inode) const;
};

// Stops as soon as every inode has an owner, so a socket that several processes share gets the one with the lowest
// process ID in most cases. `proc` is another directory in tests. What vanishes meanwhile is passed over.
[[nodiscard]] Owners find_owners(std::span<const std::uint32_t> inodes, const char* proc = "/proc");

}  // namespace tcp::sockets
