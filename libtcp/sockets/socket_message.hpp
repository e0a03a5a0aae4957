// SPDX-License-Identifier: MIT
// One answer of sock_diag(7), read: bytes of untrusted length become a SocketInfo.
#pragma once

#include <cstdint>
#include <span>

#include "libtcp/base/error.hpp"
#include "libtcp/sockets/socket_info.hpp"

namespace tcp::sockets {

// One SOCK_DIAG_BY_FAMILY message after its nlmsghdr. Attributes that are shorter than they should be count as not
// told. Errors: malformed.
[[nodiscard]] Result<SocketInfo> parse_socket(std::span<const std::uint8_t> message, ports::Protocol protocol);

}  // namespace tcp::sockets
