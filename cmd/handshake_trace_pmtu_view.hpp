// SPDX-License-Identifier: MIT
// A path MTU as a record, and as words made of it.
#pragma once

#include <memory>
#include <string>

#include "cmd/handshake_trace_record.hpp"
#include "cmd/output/view.hpp"
#include "libtcp/trace/pmtu.hpp"

namespace tcp::cmd {

[[nodiscard]] Record to_record(const TraceTarget& target, const trace::PathMtu& result);
[[nodiscard]] std::string render_path_mtu(const Record& record, const Terminal& terminal);
[[nodiscard]] std::unique_ptr<View> make_path_mtu_view(Output& out);

}  // namespace tcp::cmd
