// SPDX-License-Identifier: MIT
// Answers about the command itself: the columns there are, and where a filter is decided.
#pragma once

#include "cmd/command.hpp"
#include "cmd/output/view.hpp"
#include "libtcp/sockets/filter.hpp"

namespace tcp::cmd {

void show_columns(Output& out);
// `run` is the first record of the output as JSON.
void show_explanation(Context& context, Format format, const sockets::Filter& filter, const Record& run);

}  // namespace tcp::cmd
