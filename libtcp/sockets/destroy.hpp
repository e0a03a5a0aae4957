// SPDX-License-Identifier: MIT
// Closes TCP sockets of this network namespace, whoever holds them (SOCK_DESTROY; needs CAP_NET_ADMIN): a connection is
// reset, a listener stops and resets what waits in its queues, TIME-WAIT and SYN-RECEIVED end at once. The holder's
// next call fails with ECONNABORTED.
#pragma once

#include "libtcp/base/error.hpp"
#include "libtcp/net/netlink.hpp"
#include "libtcp/sockets/socket_info.hpp"

namespace tcp::sockets {

class SocketDestroyer {
 public:
  // In the network namespace of the calling thread, for good.
  [[nodiscard]] static Result<SocketDestroyer> open();

  // Exactly this socket: its cookie keeps a later one with the same ends alive.
  // Errors, attempt "close <local> - <remote>": not_permitted; not_found: it is closed already or, of a socket that is
  // only bound or one of several listeners on one port (SO_REUSEPORT), the kernel cannot find it by its ends;
  // unsupported: a kernel without CONFIG_INET_DIAG_DESTROY, or a Multipath TCP connection, of which the subflows can be
  // closed instead; the kernel's.
  [[nodiscard]] Result<void> destroy(const SocketInfo& socket);

 private:
  explicit SocketDestroyer(net::NetlinkSocket netlink) : netlink_(std::move(netlink)) {}
  net::NetlinkSocket netlink_;
};

}  // namespace tcp::sockets
