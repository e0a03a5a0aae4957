// SPDX-License-Identifier: MIT
// Which states are asked for: RFC 9293's names, and ss's groups of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/sockets/socket_dump.hpp"

namespace tcp::cmd {

inline constexpr sockets::StateSet kAllStates = 0x3ffe;  // every TcpState

// A state or a group: "time-wait", "connected". Errors: a word that is neither, with the one that was meant.
[[nodiscard]] Result<sockets::StateSet> parse_state_word(std::string_view word);
// Words that may themselves be lists: "established,close-wait".
[[nodiscard]] Result<sockets::StateSet> parse_state_words(const std::vector<std::string>& words);

}  // namespace tcp::cmd
