// SPDX-License-Identifier: MIT
// The dialer against loopback: which address wins, and what is said when none does.
#include "libtcp/stream/dialer.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "libtcp/stream/address.hpp"
#include "libtcp/stream/resolve.hpp"
#include "libtcp/stream/run_loop.hpp"
#include "libtcp/stream/socket.hpp"

using namespace tcp;
using namespace tcp::stream;

namespace {

struct Recorder final : SessionObserver {
  void on_attempt_failed(const AttemptFailed& event) override {
    failed.push_back(std::get<Endpoint>(event.remote).address);
  }
  std::vector<IpAddress> failed;
};

Awaitable<void> dial_into(Executor executor, const DialOptions& options, SessionObserver& observer, const Clock& clock,
                          std::optional<Result<Dialed>>& result) {
  result = co_await dial(executor, options, observer, clock);
}

Result<Dialed> dial_now(const DialOptions& options, SessionObserver& observer) {
  const SystemClock clock;
  RunLoop loop;
  std::optional<Result<Dialed>> result;
  const int signal = loop.run(dial_into(loop.executor(), options, observer, clock, result));
  CHECK(signal == 0);
  REQUIRE(result);
  return std::move(*result);
}

UniqueFd listen_on(const IpAddress& address, int backlog = 16) {
  auto socket = open_tcp_socket(address.family());
  REQUIRE(socket);
  REQUIRE(bind_socket(socket->get(), {address, 0}));
  REQUIRE(::listen(socket->get(), backlog) == 0);
  return std::move(*socket);
}

Resolver answers(std::vector<IpAddress> addresses) {
  return [addresses = std::move(addresses)](const std::string&, const net::ResolveOptions&) { return addresses; };
}

IpAddress address(std::string_view text) { return *parse_ip_address(text); }

}  // namespace

TEST_CASE("families take turns, in the resolver's order") {
  const std::vector<IpAddress> given{address("2001:db8::1"), address("2001:db8::2"), address("192.0.2.1"),
                                     address("192.0.2.2"), address("192.0.2.3")};
  CHECK(interleave_families(given) == std::vector{address("2001:db8::1"), address("192.0.2.1"), address("2001:db8::2"),
                                                  address("192.0.2.2"), address("192.0.2.3")});
  CHECK(interleave_families({}).empty());
}

TEST_CASE("an address that refuses costs no delay") {
  const UniqueFd listener = listen_on(address("127.0.0.1"));
  DialOptions options;
  options.target = HostTarget{"twofold.test", local_endpoint(listener.get()).port};
  options.attempt_delay = std::chrono::hours(1);
  options.resolver = answers({address("127.0.0.2"), address("127.0.0.1")});
  Recorder recorder;
  const auto dialed = dial_now(options, recorder);
  REQUIRE(dialed);
  CHECK(std::get<Endpoint>(remote_address(dialed->socket.get())).address == address("127.0.0.1"));
  CHECK(recorder.failed == std::vector{address("127.0.0.2")});
}

// A listener whose queue is full drops SYNs: as silent as a black hole, on loopback.
TEST_CASE("an address that is silent is overtaken") {
  const UniqueFd silent = listen_on(address("127.0.0.3"), 0);
  const std::uint16_t port = local_endpoint(silent.get()).port;
  std::vector<UniqueFd> fillers;
  for (int i = 0; i < 4; ++i) {
    auto filler = open_tcp_socket(Family::v4);
    const SocketAddress there = to_socket_address({address("127.0.0.3"), port});
    (void)::connect(filler->get(), there.get(), there.length);
    fillers.push_back(std::move(*filler));
  }
  auto listener = open_tcp_socket(Family::v4);
  REQUIRE(bind_socket(listener->get(), {address("127.0.0.1"), port}));
  REQUIRE(::listen(listener->get(), 1) == 0);
  DialOptions options;
  options.target = HostTarget{"twofold.test", port};
  options.attempt_delay = std::chrono::milliseconds(10);
  options.resolver = answers({address("127.0.0.3"), address("127.0.0.1")});
  Recorder recorder;
  const auto dialed = dial_now(options, recorder);
  REQUIRE(dialed);
  CHECK(std::get<Endpoint>(remote_address(dialed->socket.get())).address == address("127.0.0.1"));
  CHECK(recorder.failed.empty());

  options.timeout = std::chrono::milliseconds(50);
  options.addresses = {address("127.0.0.3")};  // the time is the connection's alone
  const auto late = dial_now(options, recorder);
  REQUIRE_FALSE(late);
  CHECK(late.error().message() == "connect to twofold.test:" + std::to_string(port) + ": timed out");
}

TEST_CASE("when nobody answers, each address says why") {
  std::uint16_t free_port = 0;
  {
    free_port = local_endpoint(listen_on(address("127.0.0.1")).get()).port;
  }
  DialOptions options;
  options.target = HostTarget{"127.0.0.1", free_port};
  Recorder recorder;
  const auto single = dial_now(options, recorder);
  REQUIRE_FALSE(single);
  CHECK(single.error().message() == "connect to 127.0.0.1:" + std::to_string(free_port) + ": Connection refused");
  options.target = HostTarget{"twofold.test", free_port};
  options.resolver = answers({address("127.0.0.1"), address("127.0.0.2")});
  const auto both = dial_now(options, recorder);
  REQUIRE_FALSE(both);
  CHECK(both.error().is(std::errc::connection_refused));
  CHECK(both.error().detail == "127.0.0.1: Connection refused; 127.0.0.2: Connection refused");
}

TEST_CASE("the timeout bounds the resolver too") {
  DialOptions options;
  options.target = HostTarget{"slow.test", 1};
  options.timeout = std::chrono::milliseconds(20);
  options.resolver = [](const std::string&, const net::ResolveOptions&) -> Result<std::vector<IpAddress>> {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    return std::vector<IpAddress>{};
  };
  Recorder recorder;
  const auto dialed = dial_now(options, recorder);
  REQUIRE_FALSE(dialed);
  CHECK(dialed.error().message() == "resolve slow.test: timed out");
}

TEST_CASE("a source address decides the family") {
  DialOptions options;
  options.target = HostTarget{"127.0.0.1", 9};
  options.source_address = address("::1");
  Recorder recorder;
  const auto dialed = dial_now(options, recorder);
  REQUIRE_FALSE(dialed);
  CHECK(dialed.error().is(Errc::resolve_failed));
}
