// SPDX-License-Identifier: MIT
// A banner as a part of a port's record, and as lines under the port's row.
#pragma once

#include <string>
#include <vector>

#include "cmd/output/record.hpp"
#include "libtcp/scan/answer.hpp"

namespace tcp::cmd {

// Null when none was asked for.
[[nodiscard]] Value banner_of(const scan::Banner* banner);

// What the service is, and the beginning of what it said where that tells more, or with `verbose`. Safe for a terminal,
// indented, each with its newline; empty without a banner.
[[nodiscard]] std::string banner_lines(const scan::Banner* banner, bool verbose, std::size_t width);

}  // namespace tcp::cmd
