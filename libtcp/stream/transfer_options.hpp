// SPDX-License-Identifier: MIT
// What a transfer of files is asked for.
#pragma once

#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"

namespace tcp::stream {

struct SendOptions {
  std::vector<std::string> paths;  // files and directories; one that is a symbolic link stands for what it leads to
  Duration idle_timeout{};         // neither side has moved a byte for so long; zero: none
  Duration progress_interval{};    // how often the observer is told; zero: never
};

struct ReceiveOptions {
  std::string directory;
  bool replaces = false;  // what is there already
  bool sync = false;      // each file is on the disk before it gets its name
  Duration idle_timeout{};
  Duration progress_interval{};
};

}  // namespace tcp::stream
