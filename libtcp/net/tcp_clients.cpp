// SPDX-License-Identifier: MIT
#include "libtcp/net/tcp_clients.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <unordered_map>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/connecting.hpp"
#include "libtcp/net/socket_option.hpp"
#include "libtcp/net/wait.hpp"

namespace tcp::net {
namespace {

constexpr int kMostEvents = 64;
constexpr std::uint64_t kWakeUp = ~std::uint64_t{0};

int pending_error(int fd) {
  int error_number = 0;
  socklen_t length = sizeof error_number;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error_number, &length) == 0 ? error_number : errno;
}

struct Client {
  UniqueFd fd;
  Endpoint remote;
  bool is_connected = false;
  std::vector<std::uint8_t> unsent;
};

class KernelClients final : public TcpClients {
 public:
  KernelClients(const TcpClientsOptions& options, const Clock& clock, UniqueFd epoll, UniqueFd alarm)
      : options_(options), clock_(clock), epoll_(std::move(epoll)), alarm_(std::move(alarm)) {}

  bool connect(std::uint64_t number, const Endpoint& remote) override {
    int error_number = 0;
    Client client{open_socket(remote.address.family(), error_number), remote, false, {}};
    if (error_number == 0) {
      const SocketAddress address = to_socket_address(remote);
      if (::connect(client.fd.get(), address.get(), address.length) != 0 && errno != EINPROGRESS) error_number = errno;
    }
    if (error_number == 0 && !watch(number, client, EPOLL_CTL_ADD)) error_number = errno;
    if (is_no_room(error_number)) return false;
    if (error_number != 0) {
      refused_.push_back(failure(number, remote, error_number));
    } else {
      clients_.insert_or_assign(number, std::move(client));
    }
    return true;
  }

  void send(std::uint64_t number, std::span<const std::uint8_t> bytes) override {
    const auto found = clients_.find(number);
    if (found == clients_.end() || bytes.empty()) return;
    Client& client = found->second;
    client.unsent.insert(client.unsent.end(), bytes.begin(), bytes.end());
    if (client.is_connected) flush(number, client);
  }

  void close(std::uint64_t number) override { clients_.erase(number); }

  Result<std::span<const TcpEvent>> wait(MonotonicTime deadline) override {
    events_.clear();
    events_.swap(refused_);
    std::array<epoll_event, kMostEvents> ready;
    const timespec timeout = to_timespec(events_.empty() ? deadline - clock_.now() : Duration(0));
    const int count = ::epoll_pwait2(epoll_.get(), ready.data(), kMostEvents, &timeout, nullptr);
    if (count < 0 && errno != EINTR) return system_error("epoll_pwait2");
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = ready[static_cast<std::size_t>(i)];
      if (event.data.u64 == kWakeUp) {
        std::uint64_t times = 0;
        (void)!::read(alarm_.get(), &times, sizeof times);
      } else {
        understand(event.data.u64);
      }
    }
    return events_;
  }

  void wake() override {
    const std::uint64_t once = 1;
    (void)!::write(alarm_.get(), &once, sizeof once);
  }

 private:
  static TcpEvent failure(std::uint64_t number, const Endpoint& remote, int error_number) {
    return {
        TcpEvent::Kind::failed, number, {}, system_error("connection to " + to_string(remote), error_number).error()};
  }

  UniqueFd open_socket(Family family, int& error_number) const {
    UniqueFd fd(::socket(to_address_family(family), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
    if (!fd || !set_up(fd.get(), family)) error_number = errno;
    return fd;
  }

  bool set_up(int fd, Family family) const {
    const linger reset{1, 0};
    if (!set_option(fd, SOL_SOCKET, SO_LINGER, reset)) return false;
    try_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (options_.interface_index &&
        !set_option(fd, SOL_SOCKET, SO_BINDTOIFINDEX, static_cast<int>(*options_.interface_index))) {
      return false;
    }
    if (!options_.source || options_.source->family() != family) return true;
    const SocketAddress source = to_socket_address({*options_.source, 0});
    return ::bind(fd, source.get(), source.length) == 0;
  }

  bool watch(std::uint64_t number, const Client& client, int operation) const {
    epoll_event event{};
    event.events = client.is_connected && client.unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
    event.data.u64 = number;
    return ::epoll_ctl(epoll_.get(), operation, client.fd.get(), &event) == 0;
  }

  // Sends what the kernel takes. An error is not lost: reading finds it, after what the peer said before it.
  void flush(std::uint64_t number, Client& client) const {
    if (!client.unsent.empty()) {
      const ssize_t sent = ::send(client.fd.get(), client.unsent.data(), client.unsent.size(), MSG_NOSIGNAL);
      if (sent > 0) client.unsent.erase(client.unsent.begin(), client.unsent.begin() + sent);
      if (sent < 0 && errno != EAGAIN) client.unsent.clear();
    }
    (void)watch(number, client, EPOLL_CTL_MOD);
  }

  void understand(std::uint64_t number) {
    const auto found = clients_.find(number);
    if (found == clients_.end()) return;
    Client& client = found->second;
    if (!client.is_connected) {
      become_connected(number, client);
      return;
    }
    if (!client.unsent.empty()) flush(number, client);
    read(number, client);
  }

  void become_connected(std::uint64_t number, Client& client) {
    int error_number = pending_error(client.fd.get());
    if (error_number == 0 && has_met_itself(client.fd.get(), client.remote)) error_number = ECONNREFUSED;
    // The handshake was complete, then the peer changed its mind; a refusal is ECONNREFUSED.
    const bool was_connected = error_number == 0 || error_number == ECONNRESET || error_number == EPIPE;
    if (was_connected) events_.push_back({TcpEvent::Kind::connected, number, {}, {}});
    if (error_number != 0) {
      fail(number, client, error_number);
      return;
    }
    client.is_connected = true;
    flush(number, client);
  }

  void read(std::uint64_t number, Client& client) {
    std::vector<std::uint8_t> bytes(kMostBytes);
    const ssize_t size = ::recv(client.fd.get(), bytes.data(), bytes.size(), 0);
    if (size > 0) {
      bytes.resize(static_cast<std::size_t>(size));
      events_.push_back({TcpEvent::Kind::bytes, number, std::move(bytes), {}});
    } else if (size == 0) {
      events_.push_back({TcpEvent::Kind::ended, number, {}, {}});
      stop_watching(client);
    } else if (errno != EAGAIN && errno != EINTR) {
      fail(number, client, errno);
    }
  }

  void fail(std::uint64_t number, Client& client, int error_number) {
    events_.push_back(failure(number, client.remote, error_number));
    stop_watching(client);
  }

  void stop_watching(Client& client) const {
    (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, client.fd.get(), nullptr);
    client.unsent.clear();
    client.is_connected = false;
  }

  TcpClientsOptions options_;
  const Clock& clock_;
  UniqueFd epoll_;
  UniqueFd alarm_;
  std::unordered_map<std::uint64_t, Client> clients_;
  std::vector<TcpEvent> refused_;  // by connect(2) itself, not yet handed out
  std::vector<TcpEvent> events_;   // handed out by the last wait()
};

}  // namespace

Result<std::unique_ptr<TcpClients>> open_tcp_clients(const TcpClientsOptions& options, const Clock& clock) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return system_error("epoll_create1");
  UniqueFd alarm(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!alarm) return system_error("eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeUp;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, alarm.get(), &event) != 0) return system_error("epoll_ctl");
  return std::make_unique<KernelClients>(options, clock, std::move(epoll), std::move(alarm));
}

}  // namespace tcp::net
