// SPDX-License-Identifier: MIT
#include "libtcp/sockets/destroy.hpp"

#include <linux/sock_diag.h>

#include <string>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/sockets/socket_identity.hpp"

namespace tcp::sockets {
namespace {

std::string attempt_for(const SocketInfo& socket) {
  return "close " + to_string(socket.local) + " - " + to_string(socket.remote);
}

// In words, what the kernel said by number.
std::unexpected<Error> explained(const Error& error, std::string attempt) {
  if (error.is(std::errc::operation_not_permitted)) {
    return make_error(Errc::not_permitted, std::move(attempt), "it needs CAP_NET_ADMIN",
                      net::how_to_get(net::Capability::net_admin));
  }
  if (error.is(std::errc::no_such_file_or_directory)) {
    return make_error(Errc::not_found, std::move(attempt), "the kernel finds no such socket; it may be closed already");
  }
  if (error.is(std::errc::operation_not_supported)) {
    return make_error(Errc::unsupported, std::move(attempt), "this kernel cannot close it (CONFIG_INET_DIAG_DESTROY)");
  }
  Error other = error;
  other.attempt = std::move(attempt);
  return std::unexpected(std::move(other));
}

}  // namespace

Result<SocketDestroyer> SocketDestroyer::open() {
  TCP_TRY_ASSIGN(netlink, net::NetlinkSocket::open(NETLINK_SOCK_DIAG));
  return SocketDestroyer(std::move(netlink));
}

Result<void> SocketDestroyer::destroy(const SocketInfo& socket) {
  if (socket.is_mptcp) {
    return make_error(Errc::unsupported, attempt_for(socket), "a Multipath TCP connection is closed by its subflows");
  }
  const inet_diag_req_v2 request =
      identity_request({{socket.local, socket.remote}, socket.interface_index, socket.cookie});
  const std::span payload(reinterpret_cast<const std::uint8_t*>(&request), sizeof request);
  auto asked = netlink_.request(SOCK_DESTROY, NLM_F_ACK, payload,
                                [](std::uint16_t, std::span<const std::uint8_t>) -> Result<void> { return {}; });
  if (asked) return {};
  return explained(asked.error(), attempt_for(socket));
}

}  // namespace tcp::sockets
