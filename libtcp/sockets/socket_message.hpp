// SPDX-License-Identifier: MIT
// One answer of sock_diag(7), read: bytes of untrusted length become a SocketInfo.
#pragma once

#include <cstdint>
#include <span>

#include "libtcp/base/error.hpp"
#include "libtcp/sockets/socket_info.hpp"

namespace tcp::sockets {

// One message of an answer after its nlmsghdr (struct inet_diag_msg and attributes), into a SocketInfo as it was
// constructed: it is some 1,000 bytes, too many to be passed on by value. `is_mptcp`: the question was for Multipath
// TCP, whose details have another shape. Attributes that are shorter than they should be count as not told.
// Errors: malformed; then `fresh` holds what was read until there.
[[nodiscard]] Result<void> read_socket(std::span<const std::uint8_t> message, ports::Protocol protocol, bool is_mptcp,
                                       SocketInfo& fresh);

[[nodiscard]] Result<SocketInfo> parse_socket(std::span<const std::uint8_t> message, ports::Protocol protocol,
                                              bool is_mptcp = false);

}  // namespace tcp::sockets
