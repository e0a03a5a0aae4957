// SPDX-License-Identifier: MIT
// Handshakes drawn as ladders.
#pragma once

#include "cmd/output/record.hpp"
#include "cmd/output/svg.hpp"

namespace tcp::cmd {

// Draws one `handshake` record from `top` down; returns where it ends.
[[nodiscard]] double draw_ladder(Svg& svg, const Record& handshake, double top);

}  // namespace tcp::cmd
