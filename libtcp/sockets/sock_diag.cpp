// SPDX-License-Identifier: MIT
#include "libtcp/sockets/sock_diag.hpp"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include "libtcp/net/netlink.hpp"
#include "libtcp/sockets/socket_dump.hpp"
#include "libtcp/sockets/socket_identity.hpp"
#include "libtcp/sockets/socket_message.hpp"

namespace tcp::sockets {
namespace {

// UDP has but CLOSE.
std::uint32_t states_of(ports::Protocol protocol) {
  return protocol == ports::Protocol::tcp ? state_bit(TcpState::listen) : state_bit(TcpState::closed);
}

}  // namespace

Result<std::vector<SocketInfo>> list_listeners(ports::Protocol protocol) {
  const std::string attempt = "list " + std::string(to_string(protocol)) + " sockets";
  if (protocol != ports::Protocol::tcp && protocol != ports::Protocol::udp) {
    return make_error(Errc::unsupported, attempt);
  }
  std::vector<SocketInfo> sockets;
  const auto keep = [&](const SocketInfo& socket) {
    sockets.push_back(socket);
    return true;
  };
  for (const Family family : {Family::v4, Family::v6}) {
    TCP_TRY_ASSIGN(outcome,
                   dump_sockets({.states = states_of(protocol), .family = family, .protocol = protocol}, keep));
    if (!outcome.consistent) return system_error(attempt, EINTR);
  }
  return sockets;
}

Result<std::optional<SocketInfo>> find_tcp_socket(const FourTuple& tuple) {
  TCP_TRY_ASSIGN(netlink, net::NetlinkSocket::open(NETLINK_SOCK_DIAG));
  const inet_diag_req_v2 request = identity_request({.ends = tuple});
  const std::span payload(reinterpret_cast<const std::uint8_t*>(&request), sizeof request);
  std::optional<SocketInfo> found;
  const auto on_message = [&](std::uint16_t type, std::span<const std::uint8_t> message) -> Result<void> {
    if (type != SOCK_DIAG_BY_FAMILY) return {};
    TCP_TRY_ASSIGN(socket, parse_socket(message, ports::Protocol::tcp));
    found = socket;
    return {};
  };
  auto asked = netlink.request(SOCK_DIAG_BY_FAMILY, 0, payload, on_message);
  if (asked || asked.error().is(std::errc::no_such_file_or_directory)) return found;
  asked.error().attempt = "find a tcp socket";
  return std::unexpected(std::move(asked).error());
}

}  // namespace tcp::sockets
