// SPDX-License-Identifier: MIT
// What the answers of each host say about the host.
#pragma once

#include <vector>

#include "libtcp/scan/host_note.hpp"
#include "libtcp/scan/host_table.hpp"
#include "libtcp/scan/target_set.hpp"

namespace tcp::scan {

// At the end of a scan. `loss` is the share of tries that were lost on the way.
[[nodiscard]] std::vector<HostNote> notes_on(const HostTable& table, const TargetSet& targets, double loss,
                                             MonotonicTime now);

}  // namespace tcp::scan
