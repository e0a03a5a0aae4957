// SPDX-License-Identifier: MIT
// Files of targets.
#pragma once

#include <string>

#include "libtcp/scan/target_list.hpp"

namespace tcp::cmd {

// `path`: "-" is standard input. Errors, all of them about the user's words: a file that cannot be read; what is in it,
// with file and line.
[[nodiscard]] Result<void> read_targets(const std::string& path, scan::TargetList& list);

}  // namespace tcp::cmd
