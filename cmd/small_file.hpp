// SPDX-License-Identifier: MIT
// Files that hold a few words, such as passwords.
#pragma once

#include <string>

#include "libtcp/base/error.hpp"

namespace tcp::cmd {

// All of it. Errors: the kernel's; it is larger than 64 KiB.
[[nodiscard]] Result<std::string> read_small_file(const std::string& path);
// Without its end, "\n" or "\r\n".
[[nodiscard]] Result<std::string> read_first_line(const std::string& path);

}  // namespace tcp::cmd
