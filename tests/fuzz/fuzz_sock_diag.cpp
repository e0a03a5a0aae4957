// SPDX-License-Identifier: MIT
// A sock_diag answer: one message, and whole dumps. For the latter the input is a row of answers, each one datagrams
// with their lengths in front, so that truncated, foreign and interrupted ones (NLM_F_DUMP_INTR) come up.
#include <linux/netlink.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "libtcp/net/netlink.hpp"
#include "libtcp/sockets/socket_dump.hpp"
#include "libtcp/sockets/socket_message.hpp"
#include "require.hpp"

namespace {

using namespace tcp;
using namespace tcp::sockets;
using fuzz::require;
using Bytes = std::span<const std::uint8_t>;

constexpr std::uint32_t kSequence = 1;

// The next datagram; empty ends an answer early, as a kernel that says no more does.
Bytes next_datagram(Bytes& rest) {
  if (rest.size() < 2) return rest = {};
  const std::size_t told = rest[0] + std::size_t{256} * rest[1];
  const std::size_t length = std::min(told, rest.size() - 2);
  const Bytes datagram = rest.subspan(2, length);
  rest = rest.subspan(2 + length);
  return datagram;
}

void dump(Bytes rest, const DumpRequest& request) {
  std::uint64_t seen = 0;
  const auto take = [&](const SocketInfo& socket) {
    (void)to_string(socket.local);
    (void)socket.tcp_info.get("rtt");
    (void)socket.mptcp_info.get("last_ack_recv");
    return ++seen < 1000;
  };
  unsigned questions = 0;
  const auto ask = [&](std::uint16_t, std::uint16_t, Bytes, const net::NetlinkHandler& handler) -> Result<void> {
    require(++questions <= 12);
    net::NetlinkExchange exchange(kSequence, true, handler);
    while (!exchange.done()) {
      const Bytes datagram = next_datagram(rest);
      if (datagram.empty()) return make_error(Errc::timed_out, "read netlink answer");
      TCP_TRY(exchange.take(datagram));
    }
    if (exchange.interrupted()) return system_error("netlink dump", EINTR);
    return {};
  };
  const auto outcome = dump_sockets(request, take, ask);
  require(!outcome || (outcome->sockets == seen && outcome->interruptions <= 12));
}

void both_walks(Bytes bytes, bool mptcp, bool one_family) {
  DumpRequest request{.states = state_bit(TcpState::established) | state_bit(TcpState::listen)};
  request.mptcp = mptcp;
  if (one_family) request.family = Family::v4;
  dump(bytes, request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes(data, size);
  const auto socket = parse_socket(bytes, ports::Protocol::tcp);
  if (socket) (void)to_string(socket->local);
  if (size == 0) return 0;
  both_walks(bytes.subspan(1), (data[0] & 1U) != 0, (data[0] & 2U) != 0);
  return 0;
}
