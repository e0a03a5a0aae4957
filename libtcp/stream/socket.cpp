// SPDX-License-Identifier: MIT
#include "libtcp/stream/socket.hpp"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "libtcp/stream/address.hpp"
#include "libtcp/stream/tcp_statistics.hpp"

namespace tcp::stream {
UniqueFd above_standard(UniqueFd fd) {
  if (fd.get() > 2 || !fd) return fd;
  return UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
}

Result<UniqueFd> open_tcp_socket(Family family, bool multipath) {
  const int protocol = multipath ? IPPROTO_MPTCP : IPPROTO_TCP;
  UniqueFd fd(::socket(to_address_family(family), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  fd = above_standard(std::move(fd));
  if (fd) return fd;
  const bool refused = multipath && errno != EAFNOSUPPORT;
  return system_error(refused ? "set --mptcp" : "open an " + std::string(to_string(family)) + " socket");
}

Result<UniqueFd> open_unix_socket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  fd = above_standard(std::move(fd));
  if (!fd) return system_error("open a Unix-domain socket");
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

Endpoint local_endpoint(int fd) {
  const Address address = local_address(fd);
  const auto* endpoint = std::get_if<Endpoint>(&address);
  return endpoint != nullptr ? *endpoint : Endpoint{};
}

std::error_code pending_error(int fd) {
  int error_number = 0;
  socklen_t length = sizeof error_number;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error_number, &length);
  return {error_number, std::generic_category()};
}

bool is_gone(std::error_code error) {
  return error == std::errc::connection_reset || error == std::errc::broken_pipe || error == std::errc::timed_out;
}

int unacknowledged_bytes(int fd) {
  int bytes = 0;
  if (::ioctl(fd, SIOCOUTQ, &bytes) != 0 || bytes == 0) return 0;
  const auto state = read_tcp_state(fd);
  return state && *state != TcpState::closed ? bytes : 0;
}

std::size_t waiting_bytes(int fd) {
  int bytes = 0;
  return ::ioctl(fd, SIOCINQ, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

std::error_code send_first(int fd, std::span<const std::byte> bytes, bool more_follows) noexcept {
  const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0);
  ssize_t sent = 0;
  do {
    sent = ::send(fd, bytes.data(), bytes.size(), flags);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return {errno, std::generic_category()};
  if (static_cast<std::size_t>(sent) != bytes.size()) return std::make_error_code(std::errc::no_buffer_space);
  return {};
}

void reset_connection(int fd) noexcept {
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  set_abort(fd);
  if (::connect(fd, &none, sizeof none) != 0) (void)::shutdown(fd, SHUT_RDWR);
}

void set_abort(int fd) noexcept {
  const linger abort{1, 0};
  (void)::setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

}  // namespace tcp::stream
