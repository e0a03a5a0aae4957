// SPDX-License-Identifier: MIT
#include "libtcp/stream/listener.hpp"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <limits>

#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/resolver.hpp"
#include "libtcp/stream/socket.hpp"

namespace tcp::stream {
namespace {

constexpr int kBacklog = std::numeric_limits<int>::max();  // the kernel cuts it to net.core.somaxconn
constexpr int kPortAttempts = 16;
constexpr std::chrono::milliseconds kExhaustedPause{100};

Result<UniqueFd> open_listening_socket(const Endpoint& local, bool dual_stack, const SocketOptions& options) {
  const auto refuse = [&](Error error) {
    error.attempt = "listen on " + to_string(local);
    if (error.is(std::errc::permission_denied)) error.hint = net::how_to_get(net::Capability::net_bind_service);
    return std::unexpected(std::move(error));
  };
  TCP_TRY_ASSIGN(socket, open_tcp_socket(local.address.family(), options.multipath));
  TCP_TRY(set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));
  if (local.address.is_v6()) {
    TCP_TRY(set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, dual_stack ? 0 : 1, "IPV6_V6ONLY"));
  }
  TCP_TRY(apply(options, socket.get(), local, SocketRole::listening));
  if (auto bound = bind_socket(socket.get(), local); !bound) return refuse(std::move(bound).error());
  if (::listen(socket.get(), kBacklog) != 0) return refuse(system_error("").error());
  return std::move(socket);
}

bool lacks_ipv6(const Error& error) {
  return error.is(std::errc::address_family_not_supported) || error.is(std::errc::address_not_available);
}

// A host without IPv6 still listens.
Result<UniqueFd> open_any(std::uint16_t port, const SocketOptions& options) {
  auto socket = open_listening_socket({IpAddress::any(Family::v6), port}, true, options);
  if (!socket && lacks_ipv6(socket.error())) {
    return open_listening_socket({IpAddress::any(Family::v4), port}, false, options);
  }
  return socket;
}

Result<std::vector<UniqueFd>> open_each(const std::vector<IpAddress>& addresses, std::uint16_t port,
                                        const ListenOptions& options) {
  std::vector<UniqueFd> sockets;
  for (const IpAddress& address : addresses) {
    const bool dual_stack = address == IpAddress::any(Family::v6) && !options.family;
    TCP_TRY_ASSIGN(socket, open_listening_socket({address, port}, dual_stack, options.socket));
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
  TCP_TRY_ASSIGN(socket, open_any(address.port, options.socket));
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

}  // namespace

Result<Listener> Listener::open(const Executor& executor, const ListenOptions& options) {
  TCP_TRY_ASSIGN(ready, ReadySet::open(executor));
  Listener listener(std::move(ready));
  for (const ListenAddress& address : options.addresses) {
    if (address.unix_name) {
      TCP_TRY(listener.add_unix(*address.unix_name, options));
      continue;
    }
    TCP_TRY_ASSIGN(sockets, open_listen_address(address, options));
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

Result<void> Listener::add_unix(const UnixName& name, const ListenOptions& options) {
  TCP_TRY_ASSIGN(opened, listen_on_unix(name, options.socket));
  files_.push_back(std::move(opened.file));
  std::vector<UniqueFd> sockets;
  sockets.push_back(std::move(opened.socket));
  return add(std::move(sockets));
}

Awaitable<Result<UniqueFd>> Listener::accept(MonotonicTime deadline, SessionObserver& observer) {
  Timer pause(co_await asio::this_coro::executor);
  while (!sockets_.empty()) {
    const auto ready = co_await ready_.wait(deadline);
    if (sockets_.empty()) break;
    if (!ready) co_return std::unexpected(ready.error());
    if (ready->empty()) co_return UniqueFd();
    bool exhausted = false;
    for (const int fd : *ready) {
      UniqueFd client(::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (client) co_return above_standard(std::move(client));
      if (is_our_fault(errno)) co_return system_error("accept");
      exhausted = exhausted || is_exhausted(errno);
      if (is_exhausted(errno) && !std::exchange(warned_, true)) observer.on_warning(system_error("accept").error());
    }
    if (!exhausted) continue;
    pause.expires_after(kExhaustedPause);
    auto [ignored] = co_await pause.async_wait(kToken);
    (void)ignored;
  }
  co_return UniqueFd();  // closed meanwhile
}

void Listener::close() noexcept {
  sockets_.clear();
  ready_.cancel();
}

}  // namespace tcp::stream
