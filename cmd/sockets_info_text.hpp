// SPDX-License-Identifier: MIT
// --info: below a socket, all that the kernel says of its connection.
#pragma once

#include <string>

#include "cmd/output/terminal.hpp"
#include "cmd/sockets_columns.hpp"

namespace tcp::cmd {

// Appends a line of words ("rtt 45 ms  cwnd 10"), with its newline; on a terminal as many lines as it needs. Appends
// nothing when nothing is known. What is zero and always there is left out.
void append_info(std::string& out, const sockets::SocketRow& row, const CellStyle& style, const Terminal& terminal);

// The words for the bits of tcp_info's "options", and for its "ca_state".
[[nodiscard]] std::vector<std::string_view> option_words(std::uint64_t bits);
[[nodiscard]] std::string_view congestion_state(std::uint64_t state);

}  // namespace tcp::cmd
