// SPDX-License-Identifier: MIT
#include "libtcp/stream/socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace tcp::stream {
namespace {

using NameCall = int(int, sockaddr*, socklen_t*) noexcept;

Endpoint endpoint_of(int fd, NameCall* call) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (call(fd, address.get(), &address.length) != 0) return {};
  auto endpoint = from_socket_address(address.get(), address.length);
  return endpoint ? Endpoint{endpoint->address.unmapped(), endpoint->port} : Endpoint{};
}

}  // namespace

UniqueFd above_standard(UniqueFd fd) {
  if (fd.get() > 2 || !fd) return fd;
  return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
}

Result<UniqueFd> open_tcp_socket(Family family) {
  UniqueFd fd(::socket(to_address_family(family), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  fd = above_standard(std::move(fd));
  if (!fd) return system_error(std::string("open an ") + std::string(to_string(family)) + " socket");
  return fd;
}

Result<void> set_option(int fd, int level, int name, int value, const char* word) {
  if (::setsockopt(fd, level, name, &value, sizeof value) != 0) return system_error(std::string("set ") + word);
  return {};
}

Result<void> bind_socket(int fd, const Endpoint& local) {
  const SocketAddress address = to_socket_address(local);
  if (::bind(fd, address.get(), address.length) != 0) return system_error("bind " + to_string(local));
  return {};
}

Endpoint local_endpoint(int fd) { return endpoint_of(fd, ::getsockname); }

Endpoint remote_endpoint(int fd) { return endpoint_of(fd, ::getpeername); }

std::error_code pending_error(int fd) {
  int error_number = 0;
  socklen_t length = sizeof error_number;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error_number, &length);
  return {error_number, std::generic_category()};
}

}  // namespace tcp::stream
