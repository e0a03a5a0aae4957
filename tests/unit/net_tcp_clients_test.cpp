// SPDX-License-Identifier: MIT
// Connections to sockets of this process on the loopback.
#include <doctest/doctest.h>
#include <sys/socket.h>

#include <algorithm>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/tcp_clients.hpp"

using namespace tcp;
using namespace tcp::net;
using Kind = TcpEvent::Kind;

namespace {

struct Server {
  Server() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    SocketAddress address = to_socket_address({*parse_ip_address("127.0.0.1"), 0});
    REQUIRE(::bind(fd.get(), address.get(), address.length) == 0);
    REQUIRE(::listen(fd.get(), 8) == 0);
    REQUIRE(::getsockname(fd.get(), address.get(), &address.length) == 0);
    endpoint = *from_socket_address(address.get(), address.length);
  }
  UniqueFd accept() const { return UniqueFd(::accept(fd.get(), nullptr, nullptr)); }

  UniqueFd fd;
  Endpoint endpoint;
};

struct Bench {
  // The events until one of this kind, and with it.
  std::vector<TcpEvent> until(Kind kind) {
    std::vector<TcpEvent> all;
    const MonotonicTime deadline = clock.now() + std::chrono::seconds(20);
    while (clock.now() < deadline) {
      const auto events = clients->wait(deadline);
      REQUIRE(events);
      all.insert(all.end(), events->begin(), events->end());
      if (std::ranges::find(all, kind, &TcpEvent::kind) != all.end()) return all;
    }
    FAIL("no such event");
    return all;
  }

  SystemClock clock;
  std::unique_ptr<TcpClients> clients = std::move(*open_tcp_clients({}, clock));
};

}  // namespace

TEST_CASE("bytes go both ways, and a close is a reset") {
  Server server;
  Bench bench;
  REQUIRE(bench.clients->connect(7, server.endpoint));
  const std::string early = "hello";  // before the connection stands
  bench.clients->send(7, {reinterpret_cast<const std::uint8_t*>(early.data()), early.size()});
  CHECK(bench.until(Kind::connected).back().client == 7);
  const UniqueFd peer = server.accept();
  char buffer[16];
  CHECK(::recv(peer.get(), buffer, sizeof buffer, 0) == 5);
  CHECK(::send(peer.get(), "abc", 3, 0) == 3);
  CHECK(bench.until(Kind::bytes).back().bytes == std::vector<std::uint8_t>{'a', 'b', 'c'});
  bench.clients->close(7);
  CHECK(::recv(peer.get(), buffer, sizeof buffer, 0) == -1);
  CHECK(errno == ECONNRESET);
}

TEST_CASE("an end, a reset and a refusal are told apart") {
  Server server;
  Bench bench;
  REQUIRE(bench.clients->connect(1, server.endpoint));
  (void)bench.until(Kind::connected);
  server.accept().reset();
  CHECK(bench.until(Kind::ended).back().client == 1);
  bench.clients->close(1);

  REQUIRE(bench.clients->connect(2, server.endpoint));
  UniqueFd peer = server.accept();
  const linger reset{1, 0};
  ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  peer.reset();
  const auto events = bench.until(Kind::failed);  // it was connected, although that is seen only afterwards
  REQUIRE(events.size() == 2);
  CHECK(events[0].kind == Kind::connected);
  CHECK(events[1].error->is(std::errc::connection_reset));
  bench.clients->close(2);

  server.fd.reset();
  REQUIRE(bench.clients->connect(3, server.endpoint));
  CHECK(bench.until(Kind::failed).back().error->is(std::errc::connection_refused));
}

TEST_CASE("a wake-up ends a wait, also the next one") {
  Bench bench;
  bench.clients->wake();
  const MonotonicTime before = bench.clock.now();
  const auto events = bench.clients->wait(before + std::chrono::hours(1));
  REQUIRE(events);
  CHECK(events->empty());
  CHECK(bench.clock.now() - before < std::chrono::minutes(10));
}
