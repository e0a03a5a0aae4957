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

constexpr int kMostInterruptions = 5;  // a dump that the kernel reports as inconsistent is asked for again

// LISTEN alone: together with CLOSE the kernel would walk all established sockets as well. UDP has but CLOSE.
std::uint32_t states_of(ports::Protocol protocol) {
  return protocol == ports::Protocol::tcp ? state_bit(TcpState::listen) : state_bit(TcpState::closed);
}

inet_diag_req_v2 make_request(ports::Protocol protocol, std::uint8_t family) {
  inet_diag_req_v2 request{};
  request.sdiag_family = family;
  request.sdiag_protocol = protocol == ports::Protocol::tcp ? IPPROTO_TCP : IPPROTO_UDP;
  request.idiag_states = states_of(protocol);
  return request;
}

Result<std::vector<SocketInfo>> dump(net::NetlinkSocket& netlink, ports::Protocol protocol, std::uint8_t family) {
  const inet_diag_req_v2 request = make_request(protocol, family);
  const std::span payload(reinterpret_cast<const std::uint8_t*>(&request), sizeof request);
  std::vector<SocketInfo> sockets;
  const auto on_message = [&](std::uint16_t type, std::span<const std::uint8_t> message) -> Result<void> {
    if (type != SOCK_DIAG_BY_FAMILY) return {};
    TCP_TRY_ASSIGN(socket, parse_socket(message, protocol));
    sockets.push_back(socket);
    return {};
  };
  TCP_TRY(netlink.request(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, payload, on_message));
  return sockets;
}

Result<std::vector<SocketInfo>> dump_whole(net::NetlinkSocket& netlink, ports::Protocol protocol, std::uint8_t family) {
  auto sockets = dump(netlink, protocol, family);
  for (int i = 0; i < kMostInterruptions && !sockets && sockets.error().is(std::errc::interrupted); ++i) {
    sockets = dump(netlink, protocol, family);
  }
  return sockets;
}

}  // namespace

Result<std::vector<SocketInfo>> list_listeners(ports::Protocol protocol) {
  const std::string attempt = "list " + std::string(to_string(protocol)) + " sockets";
  if (protocol != ports::Protocol::tcp && protocol != ports::Protocol::udp) {
    return make_error(Errc::unsupported, attempt);
  }
  TCP_TRY_ASSIGN(netlink, net::NetlinkSocket::open(NETLINK_SOCK_DIAG));
  std::vector<SocketInfo> sockets;
  for (const int family : {AF_INET, AF_INET6}) {
    auto found = dump_whole(netlink, protocol, static_cast<std::uint8_t>(family));
    if (!found) {
      found.error().attempt = attempt;
      return found;
    }
    sockets.insert(sockets.end(), found->begin(), found->end());
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
