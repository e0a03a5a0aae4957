// SPDX-License-Identifier: MIT
// How values of records read in the texts of handshake-trace.
#pragma once

#include <string>

#include "cmd/output/record.hpp"

namespace tcp::cmd {

// Of microseconds: "1.234", "-" for nothing.
[[nodiscard]] std::string milliseconds(const Value& microseconds);

}  // namespace tcp::cmd
