// SPDX-License-Identifier: MIT
// How each host of a scan can be looked for, by the routes.
#pragma once

#include "libtcp/scan/target_set.hpp"
#include "libtcp/scan/ways.hpp"

namespace tcp::scan {

// Disjoint. In none of them: hosts that no route leads to.
struct DiscoveryPlan {
  TargetSet own;        // addresses of this host
  TargetSet on_link;    // whose link-layer address can be asked for
  TargetSet elsewhere;  // behind a router, or on a link without such addresses
};

// Of at most kMostLeftOut targets.
[[nodiscard]] Result<DiscoveryPlan> plan_discovery(const TargetSet& targets, Ways& ways);

}  // namespace tcp::scan
