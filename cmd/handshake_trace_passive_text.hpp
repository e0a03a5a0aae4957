// SPDX-License-Identifier: MIT
// Observed handshakes as lines, and what they come to as a page.
#pragma once

#include <memory>
#include <string>

#include "cmd/output/view.hpp"

namespace tcp::cmd {

// `summary` as to_record(PassiveTotals) makes it.
[[nodiscard]] std::string render_passive_summary(const Record& summary, const Terminal& terminal);
// One handshake: a line, and below it what is unusual about it.
[[nodiscard]] std::string render_observed(const Record& handshake, const Terminal& terminal);

[[nodiscard]] std::unique_ptr<View> make_passive_view(Output& out);

}  // namespace tcp::cmd
