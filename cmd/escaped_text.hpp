// SPDX-License-Identifier: MIT
// Bytes as people type them on a command line.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"

namespace tcp::cmd {

// \r \n \t \0 \\ \xHH; anything else behind a backslash is an error.
[[nodiscard]] Result<std::vector<std::uint8_t>> parse_escaped(std::string_view text);

}  // namespace tcp::cmd
