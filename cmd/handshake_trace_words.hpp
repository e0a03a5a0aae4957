// SPDX-License-Identifier: MIT
// How values of records read in the texts of handshake-trace.
#pragma once

#include <string>

#include "cmd/output/record.hpp"

namespace tcp::cmd {

// "192.0.2.1:443", "[2001:db8::1]:443"
[[nodiscard]] std::string endpoint(const std::string& address, const std::string& port);

// Of microseconds: "1.234", "-" for nothing.
[[nodiscard]] std::string milliseconds(const Value& microseconds);

}  // namespace tcp::cmd
