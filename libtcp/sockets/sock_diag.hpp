// SPDX-License-Identifier: MIT
// Single questions about the sockets of this network namespace (sock_diag(7)). Needs no privilege.
#pragma once

#include <optional>
#include <vector>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/ports/protocol.hpp"
#include "libtcp/sockets/socket_info.hpp"

namespace tcp::sockets {

// TCP sockets in LISTEN, or bound UDP sockets; IPv4 before IPv6, otherwise in the kernel's order.
// Errors: a protocol other than tcp and udp; the kernel's, attempt "list tcp sockets".
[[nodiscard]] Result<std::vector<SocketInfo>> list_listeners(ports::Protocol protocol);

// The TCP socket of this namespace with exactly these two ends, without a walk over the others; nothing when there is
// none. Errors: the kernel's, attempt "find a tcp socket".
[[nodiscard]] Result<std::optional<SocketInfo>> find_tcp_socket(const FourTuple& tuple);

}  // namespace tcp::sockets
