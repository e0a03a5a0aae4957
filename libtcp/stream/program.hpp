// SPDX-License-Identifier: MIT
// The file that a program's name stands for.
#pragma once

#include <string>

#include "libtcp/base/error.hpp"

namespace tcp::stream {

// A name with a slash is a path, any other is looked for in PATH. Errors: "run NAME", with what the kernel would say.
[[nodiscard]] Result<std::string> find_program(const std::string& name);

}  // namespace tcp::stream
