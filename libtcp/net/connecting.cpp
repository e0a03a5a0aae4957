// SPDX-License-Identifier: MIT
#include "libtcp/net/connecting.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace tcp::net {

bool is_no_room(int error_number) noexcept {
  static constexpr std::array kNoRoom{EMFILE, ENFILE, ENOBUFS, ENOMEM, EADDRNOTAVAIL, EAGAIN};
  return std::ranges::find(kNoRoom, error_number) != kNoRoom.end();
}

bool has_met_itself(int fd, const Endpoint& target) noexcept {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (::getsockname(fd, address.get(), &address.length) != 0) return false;
  const auto local = from_socket_address(address.get(), address.length);
  return local && local->port == target.port && local->address.without_scope() == target.address.without_scope();
}

}  // namespace tcp::net
