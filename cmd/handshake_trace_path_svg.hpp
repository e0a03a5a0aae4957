// SPDX-License-Identifier: MIT
// A path drawn as a chain of hops.
#pragma once

#include <vector>

#include "cmd/output/record.hpp"
#include "cmd/output/svg.hpp"

namespace tcp::cmd {

// Draws the `hop` records of one `path` record from `top` down; returns where it ends.
[[nodiscard]] double draw_path(Svg& svg, const std::vector<Record>& hops, const Record& path, double top);

}  // namespace tcp::cmd
