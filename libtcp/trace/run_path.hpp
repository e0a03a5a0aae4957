// SPDX-License-Identifier: MIT
// Drives the probes of one path trace over a network until all are answered or given up.
#pragma once

#include "libtcp/trace/path_network.hpp"
#include "libtcp/trace/path_plan.hpp"
#include "libtcp/trace/trace.hpp"

namespace tcp::trace {

// Returns once the target has nothing half-open left that it told us of; until then the ports must be guarded.
[[nodiscard]] Path run_path(const PathPlanOptions& plan, const PathProbesOptions& probes, PathNetwork& network,
                            const Clock& clock, const StopFlag& stop);

}  // namespace tcp::trace
