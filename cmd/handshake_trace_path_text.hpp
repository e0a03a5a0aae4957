// SPDX-License-Identifier: MIT
// A path as a table of its hops, then what was changed on the way, then how it ends.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cmd/output/view.hpp"

namespace tcp::cmd {

// `hops` and `path` are records of handshake_trace_path_record.hpp; at most as wide as the terminal where words can be
// broken.
[[nodiscard]] std::string render_path(const std::vector<Record>& hops, const Record& path, const Terminal& terminal);

// Shows a path when it is complete. `redraw`: on a terminal each round takes the place of the one before.
[[nodiscard]] std::unique_ptr<View> make_path_view(Output& out, bool redraw);

}  // namespace tcp::cmd
