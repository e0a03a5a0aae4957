// SPDX-License-Identifier: MIT
// `scan --technique list`.
#pragma once

#include "cmd/output/output.hpp"

namespace tcp::cmd {

// The techniques, a row each: what is sent and what it tells.
void print_techniques(Output& out);

}  // namespace tcp::cmd
