// SPDX-License-Identifier: MIT
#include "libtcp/stream/socks_bind.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/proxy_event.hpp"
#include "libtcp/stream/ready_set.hpp"
#include "libtcp/stream/socket.hpp"

namespace tcp::stream {
namespace {

constexpr int kBacklog = 4;

bool is_nobody(const std::vector<IpAddress>& expected) { return expected.size() == 1 && expected.front().is_any(); }

// The client reached us there, so that the target has a chance of it as well. Where the families differ, or there is no
// such address, it is any one.
IpAddress where_to_listen(const Endpoint& own, const std::vector<IpAddress>& expected) {
  const Family family = is_nobody(expected) ? own.address.family() : expected.front().family();
  return own.address.family() == family ? own.address : IpAddress::any(family);
}

Result<UniqueFd> listen_at(const IpAddress& address) {
  TCP_TRY_ASSIGN(socket, open_tcp_socket(address.family()));
  TCP_TRY(bind_socket(socket.get(), {address, 0}));
  if (::listen(socket.get(), kBacklog) != 0) return system_error("listen for a client of BIND");
  return std::move(socket);
}

// Nobody, or one who was not expected: no socket.
UniqueFd take_expected(int listener, const std::vector<IpAddress>& expected) {
  SocketAddress address;
  address.length = sizeof address.storage;
  UniqueFd socket(::accept4(listener, address.get(), &address.length, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket) return {};
  socket = above_standard(std::move(socket));
  const auto remote = from_kernel(address);
  const auto* peer = std::get_if<Endpoint>(&remote);
  const bool is_expected = peer != nullptr && (is_nobody(expected) ||
                                               std::ranges::find(expected, peer->address.unmapped()) != expected.end());
  if (is_expected) return socket;
  set_abort(socket.get());
  return {};
}

// Also ends when the client leaves.
Awaitable<Result<UniqueFd>> accept_expected(Executor executor, int listener, int client,
                                            std::vector<IpAddress> expected, MonotonicTime deadline) {
  auto waiting = ReadySet::open(executor);
  if (!waiting) co_return std::unexpected(std::move(waiting).error());
  if (auto added = waiting->add(listener, EPOLLIN); !added) co_return std::unexpected(added.error());
  if (auto added = waiting->add(client, EPOLLRDHUP); !added) co_return std::unexpected(added.error());
  for (;;) {
    auto ready = co_await waiting->wait(deadline);
    if (!ready) co_return std::unexpected(std::move(ready).error());
    if (ready->empty()) co_return make_error(Errc::timed_out, "BIND", "nobody has come");
    if (std::ranges::find(*ready, client) != ready->end())
      co_return make_error(Errc::malformed, "BIND", "the client left");
    UniqueFd socket = take_expected(listener, expected);
    if (socket) co_return socket;
  }
}

}  // namespace

Awaitable<std::unique_ptr<Channel>> wait_for_bound(const ProxyRoutes& routes, ProxyGuest& guest) {
  std::vector<IpAddress> expected;
  const HostTarget target = guest.dialogue().request().target;
  const auto literal = parse_ip_address(target.host);
  if (literal && literal->is_any()) {
    expected.push_back(*literal);
  } else {
    const Address client = guest.channel().addresses().remote;
    auto found = co_await find_proxy_target(routes, target, client);
    if (!found) {
      co_await guest.refuse(std::move(found).error());
      co_return nullptr;
    }
    expected = std::move(*found);
  }
  auto listener = listen_at(where_to_listen(end_of(guest.channel()), expected));
  if (!listener) {
    co_await guest.refuse(std::move(listener).error());
    co_return nullptr;
  }
  const Endpoint here = local_endpoint(listener->get());
  const bool is_told = co_await guest.grant(here);
  if (!is_told) co_return nullptr;
  const MonotonicTime deadline = deadline_after(routes.clock.now(), routes.options.bind_timeout);
  const int own = listener->get();
  const int client = guest.channel().socket();
  auto come = co_await accept_expected(routes.executor, own, client, expected, deadline);
  if (!come) {
    co_await guest.refuse(std::move(come).error());
    co_return nullptr;
  }
  auto channel = make_plain_channel(routes.executor, std::move(*come));
  if (!channel) {
    co_await guest.refuse(std::move(channel).error());
    co_return nullptr;
  }
  const auto* peer = std::get_if<Endpoint>(&(*channel)->addresses().remote);
  const Endpoint remote = peer != nullptr ? *peer : Endpoint{};
  const bool is_joined = co_await guest.grant(remote);
  if (!is_joined) co_return nullptr;
  co_return std::move(*channel);
}

}  // namespace tcp::stream
