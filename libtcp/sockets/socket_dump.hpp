// SPDX-License-Identifier: MIT
// Walks the sockets of this network namespace as the kernel has them (sock_diag(7)), one at a time: of each, 8 bytes
// are kept (its cookie), so that none is told twice. Needs no privilege; without CAP_NET_ADMIN the kernel leaves out
// marks and MD5 keys.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/net/netlink.hpp"
#include "libtcp/sockets/socket_info.hpp"

namespace tcp::sockets {

// A set of TcpState: bit 1 << state, the kernel's own (idiag_states).
using StateSet = std::uint32_t;
[[nodiscard]] constexpr StateSet state_bit(TcpState state) { return 1U << static_cast<unsigned>(state); }

// What is asked of the kernel beside the socket itself: bit 1 << (INET_DIAG_x - 1); idiag_ext has 8 bits only.
enum class Detail : std::uint8_t {
  memory = 1U << 0,      // INET_DIAG_MEMINFO; told by socket_memory as well
  tcp_info = 1U << 1,    // INET_DIAG_INFO
  vegas = 1U << 2,       // INET_DIAG_VEGASINFO: vegas, DCTCP and BBR
  congestion = 1U << 3,  // INET_DIAG_CONG
  tos = 1U << 4,         // INET_DIAG_TOS
  traffic_class = 1U << 5,
  socket_memory = 1U << 6,
  shutdown = 1U << 7,
};
using DetailSet = std::uint8_t;  // bits of Detail
inline constexpr DetailSet kAllDetails = 0xff;

struct DumpRequest {
  StateSet states = 0;
  std::optional<Family> family = {};  // both, mixed as the kernel has them
  bool mptcp = false;                 // the Multipath TCP connections instead of the TCP sockets
  DetailSet details = 0;
  std::vector<std::uint8_t> bytecode =
      {};  // INET_DIAG_REQ_BYTECODE: the kernel passes over what it rejects; empty: all
  ports::Protocol protocol = ports::Protocol::tcp;  // or udp, of one family
};

struct DumpOutcome {
  std::uint64_t sockets = 0;
  unsigned interruptions = 0;  // how often the kernel called its answer inconsistent and was asked again
  bool consistent = true;      // false: still interrupted after the last attempt; some sockets may be missing
};

// False ends the dump.
using SocketHandler = std::function<bool(const SocketInfo& socket)>;

// Each socket once (by cookie), also when the dump had to be repeated; in the kernel's order. The reference is good for
// the call only. LISTEN is asked for by itself: together with other states the kernel would walk the whole table of
// established connections for it. Both families are asked for in one walk.
// Errors: the kernel's, attempt "list tcp sockets" or "list udp sockets"; malformed answers.
[[nodiscard]] Result<DumpOutcome> dump_sockets(const DumpRequest& request, const SocketHandler& handler);

// How the questions are put: NetlinkSocket::request of a NETLINK_SOCK_DIAG socket, or what a test answers.
using DumpAsk = std::function<Result<void>(std::uint16_t type, std::uint16_t flags,
                                           std::span<const std::uint8_t> payload, const net::NetlinkHandler& handler)>;
[[nodiscard]] Result<DumpOutcome> dump_sockets(const DumpRequest& request, const SocketHandler& handler,
                                               const DumpAsk& ask);

}  // namespace tcp::sockets
