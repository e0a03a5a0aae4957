// SPDX-License-Identifier: MIT
// A new process that runs a program, with nothing of ours in it but what it is given.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::stream {

struct SpawnRequest {
  std::string path;                      // of the program's file
  std::vector<std::string> arguments;    // the first is its name
  std::vector<std::string> environment;  // NAME=VALUE
  // Its standard descriptors; borrowed, none of them 0, 1 or 2.
  int input = -1;
  int output = -1;
  int error = -1;
  bool has_terminal = false;  // the input is one, which is to control the new session
};

struct Spawned {
  pid_t pid = -1;
  UniqueFd pidfd;  // pidfd_open(2): readable once it has ended
};

// The child leads a session and a process group of its own, has only descriptors 0 to 2, no signal ignored or blocked,
// and gets SIGKILL when the calling thread ends. Errors: "run NAME", also when execve(2) failed in the child.
[[nodiscard]] Result<Spawned> spawn(const SpawnRequest& request);

}  // namespace tcp::stream
