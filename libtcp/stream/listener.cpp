// SPDX-License-Identifier: MIT
#include "libtcp/stream/listener.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/original_destination.hpp"
#include "libtcp/net/resolver.hpp"
#include "libtcp/stream/socket.hpp"

namespace tcp::stream {
namespace {

constexpr int kBacklog = std::numeric_limits<int>::max();  // the kernel cuts it to net.core.somaxconn
constexpr int kPortAttempts = 16;
constexpr std::chrono::milliseconds kExhaustedPause{100};
constexpr unsigned kBatch = 64;  // then those who are being served have their turn
// Whoever comes alone is not followed by another attempt, except now and then: others may have begun to come.
constexpr unsigned kLookAgain = 16;

// Any descriptor would do.
UniqueFd open_spare() { return UniqueFd(::eventfd(0, EFD_CLOEXEC)); }

Result<UniqueFd> open_listening_socket(const Endpoint& local, bool dual_stack, const ListenOptions& options) {
  const auto refuse = [&](Error error) {
    error.attempt = "listen on " + to_string(local);
    if (error.is(std::errc::permission_denied)) error.hint = net::how_to_get(net::Capability::net_bind_service);
    return std::unexpected(std::move(error));
  };
  TCP_TRY_ASSIGN(socket, open_tcp_socket(local.address.family(), options.socket.multipath));
  TCP_TRY(set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));
  if (options.reuse_port) TCP_TRY(set_option(socket.get(), SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT"));
  if (local.address.is_v6()) {
    TCP_TRY(set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, dual_stack ? 0 : 1, "IPV6_V6ONLY"));
  }
  TCP_TRY(apply(options.socket, socket.get(), local, SocketRole::listening));
  if (auto bound = bind_socket(socket.get(), local); !bound) return refuse(std::move(bound).error());
  if (::listen(socket.get(), kBacklog) != 0) return refuse(system_error("").error());
  return std::move(socket);
}

bool lacks_ipv6(const Error& error) {
  return error.is(std::errc::address_family_not_supported) || error.is(std::errc::address_not_available);
}

// A host without IPv6 still listens.
Result<UniqueFd> open_any(std::uint16_t port, const ListenOptions& options) {
  auto socket = open_listening_socket({IpAddress::any(Family::v6), port}, true, options);
  if (socket || !lacks_ipv6(socket.error())) return socket;
  return open_listening_socket({IpAddress::any(Family::v4), port}, false, options);
}

Result<std::vector<UniqueFd>> open_each(const std::vector<IpAddress>& addresses, std::uint16_t port,
                                        const ListenOptions& options) {
  std::vector<UniqueFd> sockets;
  for (const IpAddress& address : addresses) {
    const bool dual_stack = address == IpAddress::any(Family::v6) && !options.family;
    TCP_TRY_ASSIGN(socket, open_listening_socket({address, port}, dual_stack, options));
    if (port == 0) port = local_endpoint(socket.get()).port;
    sockets.push_back(std::move(socket));
  }
  return sockets;
}

// The port that the kernel chose for the first address may be taken on the second: then another one is tried.
Result<std::vector<UniqueFd>> open_addresses(const std::vector<IpAddress>& addresses, std::uint16_t port,
                                             const ListenOptions& options) {
  auto sockets = open_each(addresses, port, options);
  for (int i = 1; i < kPortAttempts && port == 0 && !sockets && sockets.error().is(std::errc::address_in_use); ++i) {
    sockets = open_each(addresses, port, options);
  }
  return sockets;
}

Result<std::vector<UniqueFd>> open_listen_address(const ListenAddress& address, const ListenOptions& options) {
  if (!address.host.empty()) {
    TCP_TRY_ASSIGN(addresses, net::resolve(address.host, {options.family, options.numeric_only}));
    return open_addresses(addresses, address.port, options);
  }
  if (options.family) return open_addresses({IpAddress::any(*options.family)}, address.port, options);
  TCP_TRY_ASSIGN(socket, open_any(address.port, options));
  std::vector<UniqueFd> sockets;
  sockets.push_back(std::move(socket));
  return sockets;
}

bool is_exhausted(int error_number) {
  return error_number == EMFILE || error_number == ENFILE || error_number == ENOBUFS || error_number == ENOMEM;
}

// Anything else says something about the client that was about to come, not about us (accept(2)).
bool is_our_fault(int error_number) {
  return error_number == EBADF || error_number == EINVAL || error_number == ENOTSOCK || error_number == EFAULT;
}

// In the queue of a listening socket, where the kernel tells (tcp_info calls it unacked); one otherwise.
std::size_t waiting_clients(int fd) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return 1;
  return std::max<std::size_t>(info.tcpi_unacked, 1);
}

}  // namespace

Listener::Listener(ReadySet ready, const ListenOptions& options)
    : ready_(std::move(ready)),
      when_full_(options.door.when_full),
      accept_delay_(options.faults.accept_delay),
      spare_(open_spare()) {}

// Whoever handed them over may go on using them.
Listener::~Listener() {
  for (const Inherited& each : inherited_) ::fcntl(each.fd, F_SETFL, each.flags);
}

Result<Listener> Listener::open(const Executor& executor, const ListenOptions& options) {
  TCP_TRY_ASSIGN(ready, ReadySet::open(executor));
  Listener listener(std::move(ready), options);
  for (const int fd : options.inherited) TCP_TRY(listener.adopt(fd));
  for (const ListenAddress& address : options.addresses) {
    if (address.unix_name) {
      TCP_TRY(listener.add_unix(*address.unix_name, options));
      continue;
    }
    TCP_TRY_ASSIGN(sockets, open_listen_address(address, options));
    if (options.forward && options.forward->transparent) TCP_TRY(listener.set_transparent(sockets));
    TCP_TRY(listener.add(std::move(sockets)));
  }
  return listener;
}

Result<void> Listener::add(std::vector<UniqueFd> sockets) {
  for (UniqueFd& socket : sockets) {
    TCP_TRY(ready_.add(socket.get(), EPOLLIN));
    locals_.push_back(local_address(socket.get()));
    sockets_.push_back(std::move(socket));
  }
  return {};
}

// Without the privilege, what REDIRECT and DNAT bring still comes.
Result<void> Listener::set_transparent(const std::vector<UniqueFd>& sockets) {
  for (const UniqueFd& socket : sockets) {
    const Address local = local_address(socket.get());
    if (net::make_transparent(socket.get(), std::get<Endpoint>(local).address.family())) continue;
    if (errno != EPERM) return system_error("set IP_TRANSPARENT");
    lacks_transparency_ = true;
  }
  return {};
}

Result<void> Listener::add_unix(const UnixName& name, const ListenOptions& options) {
  TCP_TRY_ASSIGN(opened, listen_on_unix(name, options.socket));
  files_.push_back(std::move(opened.file));
  std::vector<UniqueFd> sockets;
  sockets.push_back(std::move(opened.socket));
  return add(std::move(sockets));
}

Result<void> Listener::adopt(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return system_error("take over a socket");
  inherited_.push_back({fd, flags});
  std::vector<UniqueFd> sockets;
  sockets.emplace_back(fd);
  return add(std::move(sockets));
}

Accepted Listener::accept_from(int fd) const {
  SocketAddress address;
  address.length = sizeof address.storage;
  UniqueFd socket(::accept4(fd, address.get(), &address.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) return {};
  socket = above_standard(std::move(socket));
  Address local = local_address(socket.get());
  return {std::move(socket), {std::move(local), from_kernel(address)}};
}

// Each busy socket in turn.
Result<Accepted> Listener::take(SessionObserver& observer) {
  if (accept_delay_ > Duration()) return take_due(observer);
  while (!busy_.empty() && batch_++ < kBatch) {
    const int fd = busy_.front();
    std::ranges::rotate(busy_, busy_.begin() + 1);
    Accepted client = accept_from(fd);
    const int error_number = errno;
    if (client.socket) {
      if (batch_ == 1 && alone_ % kLookAgain != 0) {
        ++alone_;
        busy_.pop_back();
      }
      return client;
    }
    if (is_our_fault(error_number)) return system_error("accept", error_number);
    if (error_number == EAGAIN) {
      busy_.pop_back();
      alone_ = batch_ == 2 ? 1 : 0;
    }
    if (is_exhausted(error_number)) run_out(fd, error_number, observer);
  }
  return Accepted{};
}

// Only those who were there when the delay began.
Result<Accepted> Listener::take_due(SessionObserver& observer) {
  while (!due_.empty()) {
    const int fd = due_.back();
    due_.pop_back();
    Accepted client = accept_from(fd);
    const int error_number = errno;
    if (client.socket) return client;
    if (is_our_fault(error_number)) return system_error("accept", error_number);
    if (is_exhausted(error_number)) run_out(fd, error_number, observer);
  }
  return Accepted{};
}

// One warning a run: it would come with every client otherwise.
void Listener::run_out(int fd, int error_number, SessionObserver& observer) {
  if (!std::exchange(warned_, true)) observer.on_warning(system_error("accept", error_number).error());
  if (when_full_ == WhenFull::refuse && spare_ && turn_away(fd, observer)) return;
  exhausted_ = true;
  busy_.clear();
  due_.clear();
}

// Gives the spare descriptor up for a moment. False: nobody could be accepted with it either.
bool Listener::turn_away(int fd, SessionObserver& observer) {
  spare_.reset();
  Accepted client = accept_from(fd);
  const bool has_come = static_cast<bool>(client.socket);
  if (has_come) {
    set_abort(client.socket.get());
    client.socket.reset();
    observer.on_rejected({client.addresses.remote, RejectReason::full});
  }
  spare_ = open_spare();
  return has_come;
}

Awaitable<Result<Accepted>> Listener::accept(MonotonicTime deadline, SessionObserver& observer) {
  Timer pause(co_await asio::this_coro::executor);
  while (!sockets_.empty()) {
    auto client = take(observer);
    if (!client || client->socket) co_return client;
    if (std::exchange(exhausted_, false)) {
      pause.expires_after(kExhaustedPause);
      auto [ignored] = co_await pause.async_wait(kToken);
      (void)ignored;
    }
    if (!spare_) spare_ = open_spare();
    auto ready = co_await ready_.wait(deadline);
    if (sockets_.empty()) break;
    if (!ready) co_return std::unexpected(std::move(ready).error());
    if (ready->empty()) co_return Accepted{};
    busy_ = std::move(*ready);
    batch_ = 0;
    if (accept_delay_ > Duration()) {
      for (const int fd : busy_) due_.insert(due_.end(), waiting_clients(fd), fd);
      pause.expires_after(accept_delay_);
      auto [ignored] = co_await pause.async_wait(kToken);
      (void)ignored;
    }
  }
  co_return Accepted{};  // closed meanwhile
}

void Listener::close() noexcept {
  sockets_.clear();
  busy_.clear();
  due_.clear();
  ready_.cancel();
}

}  // namespace tcp::stream
