// SPDX-License-Identifier: MIT
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "libtcp/stream/tcp_statistics.hpp"
#include "libtcp/stream/transport.hpp"

namespace tcp::stream {
namespace {

// What a system call that returned -1 means.
Attempt explain(Want blocked) {
  if (errno == EAGAIN) return {0, blocked, {}};
  return {0, Want::nothing, {errno, std::generic_category()}};
}

class PlainTransport final : public Transport {
 public:
  PlainTransport(int socket, bool is_connected) : socket_(socket), is_connected_(is_connected) {}

  Attempt receive(std::span<std::byte> buffer) override {
    ssize_t bytes = 0;
    do {
      bytes = ::recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    } while (bytes < 0 && errno == EINTR);
    return bytes < 0 ? explain(Want::readable) : Attempt{static_cast<std::size_t>(bytes), Want::nothing, {}};
  }

  Attempt send(std::span<const std::byte> bytes) override {
    ssize_t some = 0;
    do {
      some = ::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (some < 0 && errno == EINTR);
    return some < 0 ? explain(Want::writable) : Attempt{static_cast<std::size_t>(some), Want::nothing, {}};
  }

  // ENOTCONN: the connection was reset before; whoever uses it next is told why.
  Attempt finish_sending() override {
    if (!is_connected_ && waits_for_data())
      (void)::send(socket_, nullptr, 0, MSG_DONTWAIT | MSG_NOSIGNAL);  // the SYN goes without any
    if (!is_connected_ && is_connecting()) return {0, Want::writable, {}};
    if (::shutdown(socket_, SHUT_WR) != 0 && errno != ENOTCONN) return explain(Want::writable);
    return {};
  }

  bool is_plain() const noexcept override { return true; }

 private:
  // With Fast Open the handshake begins with the first data (RFC 7413), and a FIN before it would undo the connection.
  [[nodiscard]] bool is_connecting() const { return read_tcp_state(socket_) == TcpState::syn_sent; }
  // The kernel calls a socket writable that has not sent its SYN yet.
  [[nodiscard]] bool waits_for_data() const {
    pollfd entry{socket_, POLLOUT, 0};
    return is_connecting() && ::poll(&entry, 1, 0) == 1 && entry.revents == POLLOUT;
  }

  int socket_;
  bool is_connected_;  // known to be
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(int socket) { return std::make_unique<PlainTransport>(socket, false); }

std::unique_ptr<Transport> make_accepted_transport(int socket) {
  return std::make_unique<PlainTransport>(socket, true);
}

}  // namespace tcp::stream
