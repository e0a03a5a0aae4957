// SPDX-License-Identifier: MIT
// `scan --list`: what would be probed.
#pragma once

#include <vector>

#include "cmd/command.hpp"
#include "cmd/output/view.hpp"
#include "libtcp/scan/target_list.hpp"

namespace tcp::cmd {

// As text an address a line, in order; as JSON ranges and counts. Ends when the reader has gone away.
void list_targets(Context& context, Format format, const scan::Targets& targets,
                  const std::vector<std::uint16_t>& ports);

}  // namespace tcp::cmd
