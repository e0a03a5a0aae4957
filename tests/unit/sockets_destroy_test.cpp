// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <sys/socket.h>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/sockets/destroy.hpp"
#include "libtcp/sockets/sock_diag.hpp"

using namespace tcp;
using namespace tcp::sockets;

namespace {

Endpoint end_of(int fd, decltype(::getsockname)* call) {
  SocketAddress address{{}, sizeof(sockaddr_storage)};
  REQUIRE(call(fd, address.get(), &address.length) == 0);
  return from_socket_address(address.get(), address.length).value();
}

// A connection over loopback: both of its ends.
struct Connection {
  explicit Connection(Family family) {
    const int domain = to_address_family(family);
    const UniqueFd listener(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto any = to_socket_address({IpAddress::loopback(family), 0});
    REQUIRE(::bind(listener.get(), any.get(), any.length) == 0);
    REQUIRE(::listen(listener.get(), 1) == 0);
    client = UniqueFd(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto to = to_socket_address(end_of(listener.get(), ::getsockname));
    REQUIRE(::connect(client.get(), to.get(), to.length) == 0);
    server = UniqueFd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(server);
  }
  [[nodiscard]] SocketInfo client_as_told() const {
    const auto found =
        find_tcp_socket({end_of(client.get(), ::getsockname), end_of(client.get(), ::getpeername)}).value();
    REQUIRE(found);
    return *found;
  }
  UniqueFd client;
  UniqueFd server;
};

int error_of(int fd) {
  char byte = 0;
  return ::recv(fd, &byte, 1, MSG_DONTWAIT) < 0 ? errno : 0;
}

bool may_destroy() { return net::has(net::Capability::net_admin); }

}  // namespace

TEST_CASE("a destroyed socket is aborted here and reset there") {
  auto destroyer = SocketDestroyer::open().value();
  for (const Family family : {Family::v4, Family::v6}) {
    const Connection connection(family);
    const SocketInfo socket = connection.client_as_told();
    const auto done = destroyer.destroy(socket);
    if (!may_destroy()) {
      CHECK(done.error().is(Errc::not_permitted));
      CHECK(error_of(connection.client.get()) == EAGAIN);
      continue;
    }
    REQUIRE(done);
    CHECK(error_of(connection.client.get()) == ECONNABORTED);
    CHECK(error_of(connection.server.get()) == ECONNRESET);
    CHECK(destroyer.destroy(socket).error().is(Errc::not_found));
  }
}

TEST_CASE("a listener stops, and an IPv4 connection of an IPv6 socket ends") {
  if (!may_destroy()) return;  // told by the case above
  auto destroyer = SocketDestroyer::open().value();
  const UniqueFd listener(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::listen(listener.get(), 1) == 0);
  const Endpoint local = end_of(listener.get(), ::getsockname);
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto to = to_socket_address({IpAddress::loopback(Family::v4), local.port});
  REQUIRE(::connect(client.get(), to.get(), to.length) == 0);
  const UniqueFd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  const auto mapped =
      find_tcp_socket({end_of(server.get(), ::getsockname), end_of(server.get(), ::getpeername)}).value();
  REQUIRE(mapped);
  CHECK(destroyer.destroy(*mapped));
  CHECK(error_of(server.get()) == ECONNABORTED);

  const auto listening = find_tcp_socket({local, {IpAddress::any(Family::v6), 0}}).value();
  REQUIRE(listening);
  CHECK(destroyer.destroy(*listening));
  CHECK(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC) == -1);
  CHECK_FALSE(find_tcp_socket({local, {IpAddress::any(Family::v6), 0}}).value());
}

TEST_CASE("another socket with the same ends stays") {
  const Connection connection(Family::v4);
  SocketInfo socket = connection.client_as_told();
  socket.cookie += 1;
  const auto done = SocketDestroyer::open().value().destroy(socket);
  REQUIRE_FALSE(done);
  CHECK(done.error().is(Errc::not_found));
  CHECK(done.error().attempt == "close " + to_string(socket.local) + " - " + to_string(socket.remote));
  CHECK(error_of(connection.client.get()) == EAGAIN);
}

TEST_CASE("a Multipath TCP connection is refused, not mistaken for its subflow") {
  const Connection connection(Family::v4);
  SocketInfo socket = connection.client_as_told();
  socket.is_mptcp = true;
  CHECK(SocketDestroyer::open().value().destroy(socket).error().is(Errc::unsupported));
  CHECK(error_of(connection.client.get()) == EAGAIN);
}
