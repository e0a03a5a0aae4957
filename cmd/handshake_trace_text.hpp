// SPDX-License-Identifier: MIT
// A handshake as a ladder that a newcomer understands and an expert trusts.
#pragma once

#include <memory>

#include "cmd/output/view.hpp"

namespace tcp::cmd {

[[nodiscard]] std::unique_ptr<View> make_ladder_view(Output& out);

// One handshake record (handshake_trace_record.hpp), within the terminal's width.
[[nodiscard]] std::string render_ladder(const Record& handshake, const Terminal& terminal);

// A segment's notation in lines of at most `width` columns: broken before its options, then between them.
[[nodiscard]] std::vector<std::string> break_notation(const std::string& notation, std::size_t width);

}  // namespace tcp::cmd
