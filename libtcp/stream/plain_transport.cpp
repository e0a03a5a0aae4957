// SPDX-License-Identifier: MIT
#include <sys/socket.h>

#include <cerrno>

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
  explicit PlainTransport(int socket) : socket_(socket) {}

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
    if (::shutdown(socket_, SHUT_WR) != 0 && errno != ENOTCONN) return explain(Want::writable);
    return {};
  }

  bool is_plain() const noexcept override { return true; }

 private:
  int socket_;
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(int socket) { return std::make_unique<PlainTransport>(socket); }

}  // namespace tcp::stream
