// SPDX-License-Identifier: MIT
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>

#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/socket.hpp"
#include "libtcp/stream/tcp_statistics.hpp"

namespace tcp::stream {
namespace {

constexpr std::chrono::milliseconds kShortestPause{1};
constexpr std::chrono::milliseconds kLongestPause{64};

// Bytes that the peer has not acknowledged, our FIN among them (tcp(7), SIOCOUTQ). Zero for what is no TCP.
int unacknowledged_bytes(int fd) {
  const auto statistics = read_tcp_statistics(fd);
  if (!statistics || statistics->state == TcpState::closed) return 0;
  int bytes = 0;
  return ::ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

class PlainChannel final : public Channel {
 public:
  PlainChannel(const Executor& executor, ReadyFd socket, const FourTuple& endpoints)
      : socket_(std::move(socket)), pause_(executor), endpoints_(endpoints) {}

  Awaitable<IoResult> receive(std::span<std::byte> buffer) override {
    for (;;) {
      const ssize_t bytes = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (bytes >= 0) co_return static_cast<std::size_t>(bytes);
      if (errno == EINTR) continue;
      if (errno != EAGAIN) co_return std::unexpected(last_error());
      const std::error_code error = co_await socket_.readable();
      if (error) co_return std::unexpected(error);
    }
  }

  Awaitable<IoResult> send(std::span<const std::byte> bytes) override {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t some = ::send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (some >= 0) {
        sent += static_cast<std::size_t>(some);
        continue;
      }
      if (errno == EINTR) continue;
      if (errno != EAGAIN) co_return std::unexpected(last_error());
      const std::error_code error = co_await socket_.writable();
      if (error) co_return std::unexpected(error);
    }
    co_return sent;
  }

  // ENOTCONN: the connection was reset before; whoever uses it next is told why.
  Awaitable<std::error_code> finish_sending() override {
    if (::shutdown(socket_.get(), SHUT_WR) != 0 && errno != ENOTCONN) co_return last_error();
    co_return std::error_code();
  }

  Awaitable<std::error_code> confirm_delivery(Duration patience) override {
    int last = unacknowledged_bytes(socket_.get());
    Duration waited{};
    auto pause = kShortestPause;
    while (last > 0) {
      if (waited >= patience) co_return std::make_error_code(std::errc::timed_out);
      pause_.expires_after(pause);
      auto [cancelled] = co_await pause_.async_wait(kToken);
      if (cancelled) co_return cancelled;
      const int now = unacknowledged_bytes(socket_.get());
      waited = now == last ? waited + pause : Duration();
      last = now;
      pause = std::min(pause * 2, kLongestPause);
    }
    co_return pending_error(socket_.get());
  }

  ReadyFd* plain() noexcept override { return &socket_; }
  int socket() noexcept override { return socket_.get(); }
  const FourTuple& endpoints() const noexcept override { return endpoints_; }
  void cancel() noexcept override {
    socket_.cancel();
    pause_.cancel();
  }

 private:
  static std::error_code last_error() { return {errno, std::generic_category()}; }

  ReadyFd socket_;
  Timer pause_;
  FourTuple endpoints_;
};

}  // namespace

Result<std::unique_ptr<Channel>> make_plain_channel(const Executor& executor, UniqueFd socket) {
  const FourTuple endpoints{local_endpoint(socket.get()), remote_endpoint(socket.get())};
  TCP_TRY_ASSIGN(ready, ReadyFd::open(executor, std::move(socket), "a connection"));
  return std::make_unique<PlainChannel>(executor, std::move(ready), endpoints);
}

}  // namespace tcp::stream
