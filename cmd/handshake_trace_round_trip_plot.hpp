// SPDX-License-Identifier: MIT
// How the round trips of observed handshakes are spread: a histogram for each side over one logarithmic axis of time.
#pragma once

#include <string>

#include "cmd/output/record.hpp"

namespace tcp::cmd {

// Of a passive summary, for a page with Svg::style(). Empty when no round trip was measured.
[[nodiscard]] std::string plot_round_trips(const Record& summary);

}  // namespace tcp::cmd
