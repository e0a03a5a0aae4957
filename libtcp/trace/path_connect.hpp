// SPDX-License-Identifier: MIT
// The path as the kernel's own connect() with small TTLs shows it: who answered, and when by our clock. Needs no
// privilege; shows no quotes, so nothing of what was changed on the way.
#pragma once

#include "libtcp/trace/path.hpp"
#include "libtcp/trace/path_plan.hpp"
#include "libtcp/trace/syn_shape.hpp"
#include "libtcp/trace/trace.hpp"

namespace tcp::trace {

// Of the shape the MSS and the DSCP can be had.
[[nodiscard]] Path run_path_connect(const Endpoint& remote, const PathPlanOptions& options, const SynShape& shape,
                                    const Clock& clock, const StopFlag& stop);

}  // namespace tcp::trace
