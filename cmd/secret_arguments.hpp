// SPDX-License-Identifier: MIT
// What of the command line nobody else may see: users and passwords in --proxy and --proxy-auth, the words of --code.
#pragma once

#include <string>
#include <vector>

namespace tcp::cmd {

// The arguments with "*" in its place, for reports.
[[nodiscard]] std::vector<std::string> without_secrets(std::vector<std::string> arguments);
// The same in place, in the memory that others see (ps(1)).
void wipe_secrets(int argc, char** argv);

}  // namespace tcp::cmd
