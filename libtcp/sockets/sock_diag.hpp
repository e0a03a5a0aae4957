// SPDX-License-Identifier: MIT
// The sockets of this network namespace, as the kernel tells them (sock_diag(7)). Needs no privilege.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/tcp_state.hpp"
#include "libtcp/ports/protocol.hpp"

namespace tcp::sockets {

struct SocketInfo {
  ports::Protocol protocol = ports::Protocol::tcp;
  TcpState state = TcpState::closed;  // a bound UDP socket without a remote end is closed
  Endpoint local;
  Endpoint remote;                    // any-address and port 0 when there is none
  std::uint32_t interface_index = 0;  // 0: not bound to one
  std::uint32_t user_id = 0;
  std::uint32_t inode = 0;          // 0: owned by nobody (TIME-WAIT, SYN-RECEIVED)
  std::uint32_t receive_queue = 0;  // bytes; of a listener: connections waiting to be accepted
  std::uint32_t send_queue = 0;     // bytes; of a listener: how many may wait
  std::optional<bool> v6_only;      // of an IPv6 listener
};

// One SOCK_DIAG_BY_FAMILY message after its nlmsghdr, its attributes of untrusted length. Errors: malformed.
[[nodiscard]] Result<SocketInfo> parse_socket(std::span<const std::uint8_t> message, ports::Protocol protocol);

// TCP sockets in LISTEN, or bound UDP sockets; IPv4 before IPv6, otherwise in the kernel's order.
// Errors: a protocol other than tcp and udp; the kernel's, attempt "list tcp sockets".
[[nodiscard]] Result<std::vector<SocketInfo>> list_listeners(ports::Protocol protocol);

// The TCP socket of this namespace with exactly these two ends, without a walk over the others; nothing when there is
// none. Errors: the kernel's, attempt "find a tcp socket".
[[nodiscard]] Result<std::optional<SocketInfo>> find_tcp_socket(const FourTuple& tuple);

}  // namespace tcp::sockets
