// SPDX-License-Identifier: MIT
// What getting there is made of: socket options by name, pauses between tries, source ports, names of sockets.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "libtcp/stream/dialer.hpp"
#include "libtcp/stream/port_check.hpp"
#include "libtcp/stream/retry.hpp"
#include "libtcp/stream/run_loop.hpp"
#include "libtcp/stream/socket.hpp"
#include "libtcp/stream/socket_options.hpp"
#include "libtcp/stream/target.hpp"
#include "libtcp/stream/unix_socket.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace tcp;
using namespace tcp::stream;
using namespace std::chrono_literals;

namespace {

SocketOptions chosen(std::string_view name, const std::string& text) {
  auto settings = make_socket_settings(name, text);
  REQUIRE(settings);
  SocketOptions options;
  options.settings = *settings;
  return options;
}

int read_int(int fd, int level, int name) {
  int value = -1;
  socklen_t length = sizeof value;
  CHECK(::getsockopt(fd, level, name, &value, &length) == 0);
  return value;
}

constexpr Endpoint kSomebodyV4{IpAddress::v4(0x7f000001), 9};
const Endpoint kSomebodyV6{IpAddress::loopback(Family::v6), 9};

UniqueFd with(const SocketOptions& options, const Endpoint& remote, SocketRole role = SocketRole::dialing) {
  auto socket = open_tcp_socket(remote.address.family());
  REQUIRE(socket);
  const auto applied = apply(options, socket->get(), remote, role);
  REQUIRE_MESSAGE(applied, applied.error().message());
  return std::move(*socket);
}

std::string complaint(std::string_view name, const std::string& text) {
  const auto settings = make_socket_settings(name, text);
  REQUIRE_FALSE(settings);
  CHECK(settings.error().is(Errc::invalid_input));
  return settings.error().message();
}

Error refused() { return {std::make_error_code(std::errc::connection_refused), "connect to x:1", {}, {}}; }

struct Silent final : SessionObserver {};

Awaitable<void> dial_into(Executor executor, const DialOptions& options, SessionObserver& observer, const Clock& clock,
                          std::optional<Result<Dialed>>& result) {
  result = co_await dial(executor, options, observer, clock);
}

Result<Dialed> dial_now(const DialOptions& options) {
  const SystemClock clock;
  Silent observer;
  RunLoop loop;
  std::optional<Result<Dialed>> result;
  CHECK(loop.run(dial_into(loop.executor(), options, observer, clock, result)) == 0);
  REQUIRE(result);
  return std::move(*result);
}

UniqueFd listen_at(const Endpoint& local) {
  auto socket = open_tcp_socket(local.address.family());
  REQUIRE(socket);
  REQUIRE(bind_socket(socket->get(), local));
  REQUIRE(::listen(socket->get(), 16) == 0);
  return std::move(*socket);
}

}  // namespace

TEST_CASE("each socket option reaches the kernel") {
  struct Row {
    const char* name;
    const char* text;
    int level;
    int option;
    int value;
  };
  for (const Row& row :
       {Row{"nodelay", "", IPPROTO_TCP, TCP_NODELAY, 1}, Row{"keepalive", "20,5s,3", SOL_SOCKET, SO_KEEPALIVE, 1},
        Row{"keepalive", "20", IPPROTO_TCP, TCP_KEEPIDLE, 20}, Row{"keepalive", "20,5s", IPPROTO_TCP, TCP_KEEPINTVL, 5},
        Row{"keepalive", "20,5s,3", IPPROTO_TCP, TCP_KEEPCNT, 3},
        Row{"user-timeout", "1.5s", IPPROTO_TCP, TCP_USER_TIMEOUT, 1500},
        Row{"user-timeout", "1ns", IPPROTO_TCP, TCP_USER_TIMEOUT, 1}, Row{"mss", "1000", IPPROTO_TCP, TCP_MAXSEG, 1000},
        Row{"ttl", "7", IPPROTO_IP, IP_TTL, 7}, Row{"min-ttl", "254", IPPROTO_IP, IP_MINTTL, 254},
        Row{"dscp", "EF", IPPROTO_IP, IP_TOS, 46 << 2}, Row{"fastopen", "", IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1},
        Row{"recv-buffer", "50k", SOL_SOCKET, SO_RCVBUF, 2 * 50 * 1024},
        Row{"send-buffer", "60000", SOL_SOCKET, SO_SNDBUF, 2 * 60000},
        Row{"notsent-lowat", "16k", IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384}}) {
    CAPTURE(row.name);
    CHECK(read_int(with(chosen(row.name, row.text), kSomebodyV4).get(), row.level, row.option) == row.value);
  }
}

TEST_CASE("an IPv6 socket gets both families' options") {
  const UniqueFd fd = with(chosen("ttl", "9"), kSomebodyV6, SocketRole::listening);
  CHECK(read_int(fd.get(), IPPROTO_IPV6, IPV6_UNICAST_HOPS) == 9);
  CHECK(read_int(fd.get(), IPPROTO_IP, IP_TTL) == 9);
  CHECK(read_int(with(chosen("dscp", "af41"), kSomebodyV6).get(), IPPROTO_IPV6, IPV6_TCLASS) == 34 << 2);
  CHECK(read_int(with(chosen("min-ttl", "3"), kSomebodyV6).get(), IPPROTO_IPV6, IPV6_MINHOPCOUNT) == 3);
}

TEST_CASE("a listener's Fast Open is a queue, a dialer's a flag") {
  CHECK(read_int(with(chosen("fastopen", ""), kSomebodyV4, SocketRole::listening).get(), IPPROTO_TCP, TCP_FASTOPEN) >
        1);
  CHECK(read_int(with(chosen("fastopen", ""), kSomebodyV4).get(), IPPROTO_TCP, TCP_FASTOPEN) == 0);
}

TEST_CASE("options that are no plain number") {
  struct ::linger lingering{};
  socklen_t length = sizeof lingering;
  const UniqueFd lingers = with(chosen("linger", "3"), kSomebodyV4);
  CHECK(::getsockopt(lingers.get(), SOL_SOCKET, SO_LINGER, &lingering, &length) == 0);
  CHECK(lingering.l_onoff == 1);
  CHECK(lingering.l_linger == 3);
  std::string name(16, '\0');
  length = static_cast<socklen_t>(name.size());
  const UniqueFd reno = with(chosen("congestion", "reno"), kSomebodyV4);
  CHECK(::getsockopt(reno.get(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &length) == 0);
  CHECK(std::string(name.c_str()) == "reno");
}

TEST_CASE("what the kernel refuses is named") {
  auto socket = open_tcp_socket(Family::v4);
  REQUIRE(socket);
  const auto unknown = apply(chosen("congestion", "foo"), socket->get(), kSomebodyV4, SocketRole::dialing);
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().message() == "set --congestion foo: No such file or directory");
  const auto nowhere = apply(chosen("interface", "nosuch0"), socket->get(), kSomebodyV4, SocketRole::dialing);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().message() == "set --interface nosuch0: No such device");
  auto local = open_unix_socket();
  REQUIRE(local);
  const auto unix_name = parse_unix_name("/x");
  const auto foreign = apply(chosen("nodelay", ""), local->get(), *unix_name, SocketRole::dialing);
  REQUIRE_FALSE(foreign);
  CHECK(foreign.error().message() == "set --nodelay: Operation not supported");
}

TEST_CASE("words for socket options that are off") {
  CHECK(complaint("mss", "87") == "must be a number from 88 to 32767");
  CHECK(complaint("ttl", "0") == "must be a number from 1 to 255");
  CHECK(complaint("ttl", "-1") == "must be a number from 1 to 255");
  CHECK(complaint("min-ttl", "256") == "must be a number from 1 to 255");
  CHECK(complaint("mark", "4294967296") == "must be a number from 0 to 4294967295");
  CHECK(complaint("keepalive", "1,2,3,4") == "must be IDLE[,INTERVAL[,COUNT]]");
  CHECK(complaint("keepalive", "0") == "must be whole seconds from 1 to 32767");
  CHECK(complaint("keepalive", "1.5s") == "must be whole seconds from 1 to 32767");
  CHECK(complaint("keepalive", "10,5,128") == "must be a number from 1 to 127");
  CHECK(complaint("keepalive", "10,").find("duration ''") == 0);
  CHECK(complaint("linger", "1d") == "must be whole seconds from 0 to 32767");
  CHECK(complaint("user-timeout", "365d") == "must be milliseconds from 0 to 2147483647");
  CHECK(complaint("recv-buffer", "0") == "must be bytes from 1 to 1073741823");
  CHECK(complaint("notsent-lowat", "4GiB") == "must be bytes from 0 to 2147483647");
  CHECK(complaint("congestion", "") == "a name is missing");
}

TEST_CASE("DSCP by name and number") {
  CHECK(parse_dscp("af11").value() == 10);
  CHECK(parse_dscp("Af43").value() == 38);
  CHECK(parse_dscp("cs7").value() == 56);
  CHECK(parse_dscp("le").value() == 1);
  CHECK(parse_dscp("63").value() == 63);
  for (const char* bad : {"", "64", "af14", "cs8", "-1", "0x2e", "ef "}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_dscp(bad));
  }
}

TEST_CASE("every row of the table makes a setting of its name") {
  std::set<std::string_view> names;
  for (const SocketOptionRow& row : socket_option_rows()) names.insert(row.name);
  CHECK(names.size() == 15);
  for (const std::string_view name : names) {
    const auto settings = make_socket_settings(name, "100");
    CAPTURE(name);
    if (name == "dscp") continue;  // ends at 63
    REQUIRE(settings);
    CHECK(settings->front().word.starts_with("--" + std::string(name)));
  }
}

TEST_CASE("pauses double up to the longest and are never less than half of that") {
  Backoff backoff(100ms, 1s, 1);
  for (const auto step : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms, 1000ms}) {
    const Duration pause = backoff.next();
    CHECK(pause <= step);
    CHECK(pause >= step / 2);
  }
  Backoff long_first(1min, 30s, 1);
  CHECK(long_first.next() >= 30s);
  CHECK(long_first.next() <= 1min);
  Backoff one(100ms, 1s, 1);
  Backoff other(100ms, 1s, 2);
  CHECK(one.next() != other.next());
}

TEST_CASE("so many tries and no more") {
  ManualClock clock;
  const Target target = HostTarget{"x", 1};
  RetryOptions options;
  options.retries = 2;
  RetryPolicy policy(options, clock.now(), 1);
  CHECK(policy.after(refused(), target, clock.now())->failed_tries == 1);
  CHECK(policy.after(refused(), target, clock.now())->failed_tries == 2);
  CHECK_FALSE(policy.after(refused(), target, clock.now()));
  CHECK(policy.verdict(refused(), target).is(std::errc::connection_refused));
  CHECK(policy.bound(7s, clock.now()) == 7s);
  RetryPolicy once(RetryOptions{}, clock.now(), 1);
  CHECK_FALSE(once.after(refused(), target, clock.now()));
}

TEST_CASE("a wait bounds the tries, their time and the pauses") {
  ManualClock clock;
  const Target target = HostTarget{"x", 1};
  RetryOptions options;
  options.retries = kRetryForever;
  options.first_delay = 4s;
  options.wait = 10s;
  RetryPolicy policy(options, clock.now(), 1);
  CHECK(policy.bound(30s, clock.now()) == 10s);
  CHECK(policy.bound(Duration(), clock.now()) == 10s);
  CHECK(policy.bound(2s, clock.now()) == 2s);
  clock.advance(9s);
  CHECK(policy.bound(30s, clock.now()) == 1s);
  CHECK(policy.after(refused(), target, clock.now())->delay == 750ms);
  clock.advance(995ms);
  CHECK_FALSE(policy.after(refused(), target, clock.now()));
  const Error cut_short{make_error_code(Errc::timed_out), "connect to x:1", {}, {}};
  CHECK_FALSE(policy.after(cut_short, target, clock.now()));
  const Error verdict = policy.verdict(cut_short, target);
  CHECK(verdict.is(Errc::timed_out));
  CHECK(verdict.message() == "wait for x:1: not open after 10.0 s; connect to x:1: Connection refused");
}

TEST_CASE("what may pass is tried again, what will not is not") {
  const Target name = HostTarget{"x.test", 1};
  const Target literal = HostTarget{"192.0.2.1", 1};
  const Target local = UnixName{"/x"};
  const auto code = [](std::errc error) { return Error{std::make_error_code(error), {}, {}, {}}; };
  const Error unknown{make_error_code(Errc::resolve_failed), {}, {}, {}};
  CHECK(may_pass(refused(), name));
  CHECK(may_pass(code(std::errc::host_unreachable), name));
  CHECK(may_pass(Error{make_error_code(Errc::timed_out), {}, {}, {}}, name));
  CHECK(may_pass(unknown, name));
  CHECK_FALSE(may_pass(unknown, literal));
  CHECK(may_pass(code(std::errc::no_such_file_or_directory), local));
  CHECK_FALSE(may_pass(code(std::errc::no_such_file_or_directory), name));
  CHECK_FALSE(may_pass(code(std::errc::operation_not_permitted), name));
  CHECK_FALSE(may_pass(code(std::errc::address_not_available), name));
}

TEST_CASE("a source port out of a range: the one that is free") {
  const IpAddress here = *parse_ip_address("127.0.0.1");
  const UniqueFd server = listen_at({here, 0});
  std::uint16_t first = 0;
  std::vector<UniqueFd> taken;
  // Two neighbours that are taken and a third that is free.
  for (std::uint16_t port = 21000; port < 32000 && taken.size() < 2; port = static_cast<std::uint16_t>(port + 3)) {
    taken.clear();
    first = port;
    for (int i = 0; i < 2; ++i) {
      auto socket = open_tcp_socket(Family::v4);
      REQUIRE(socket);
      if (!bind_socket(socket->get(), {IpAddress::any(Family::v4), static_cast<std::uint16_t>(port + i)})) break;
      taken.push_back(std::move(*socket));
    }
  }
  REQUIRE(taken.size() == 2);
  DialOptions options;
  options.target = HostTarget{"127.0.0.1", local_endpoint(server.get()).port};
  options.source_ports = ports::PortRange{first, static_cast<std::uint16_t>(first + 2)};
  const auto dialed = dial_now(options);
  REQUIRE_MESSAGE(dialed, dialed.error().message());
  CHECK(local_endpoint(dialed->socket.get()).port == first + 2);
  options.source_ports = ports::PortRange{first, static_cast<std::uint16_t>(first + 1)};
  const auto none = dial_now(options);
  REQUIRE_FALSE(none);
  CHECK(none.error().is(std::errc::address_in_use));
}

TEST_CASE("ports are dialled side by side as far as descriptors reach") {
  CHECK(ports_at_once(1024, 1) == kMostAtOnce);
  CHECK(ports_at_once(64, 1) == 6);
  CHECK(ports_at_once(16, 1) == 1);
  CHECK(ports_at_once(0, 8) == 1);
}

TEST_CASE("targets as text") {
  CHECK(to_string(Target(HostTarget{"example.org", 80})) == "example.org:80");
  CHECK(to_string(Target(HostTarget{"::1", 80})) == "[::1]:80");
  CHECK(to_string(Target(UnixName{"@x"})) == "unix:@x");
}

TEST_CASE("a socket file comes and goes with its listener") {
  const tcp::test::TemporaryDirectory directory;
  const UnixName name{directory / "s"};
  {
    auto listener = listen_on_unix(name, {});
    REQUIRE(listener);
    CHECK(connect_unix(name, {}));
    const auto second = listen_on_unix(name, {});
    REQUIRE_FALSE(second);
    CHECK(second.error().message() == "listen on unix:" + name.path + ": Address already in use");
    CHECK(std::filesystem::is_socket(name.path));
    const UnixListener moved = std::move(*listener);
    CHECK(std::filesystem::is_socket(name.path));
  }
  CHECK_FALSE(std::filesystem::exists(name.path));
  const auto gone = connect_unix(name, {});
  REQUIRE_FALSE(gone);
  CHECK(gone.error().is(std::errc::no_such_file_or_directory));
}

TEST_CASE("what a dead listener left is replaced, anything else is not") {
  const tcp::test::TemporaryDirectory directory;
  const UnixName name{directory / "s"};
  {
    auto socket = open_unix_socket();
    const SocketAddress address = to_socket_address(name);
    REQUIRE(::bind(socket->get(), address.get(), address.length) == 0);
    CHECK_FALSE(listen_on_unix(name, {}));  // bound, and about to listen
  }
  REQUIRE(std::filesystem::is_socket(name.path));
  CHECK(listen_on_unix(name, {}));

  const UnixName file{directory / "file"};
  std::ofstream(file.path) << "precious";
  const auto on_file = listen_on_unix(file, {});
  REQUIRE_FALSE(on_file);
  CHECK(on_file.error().message() == "listen on unix:" + file.path + ": another file is there, and no socket");
  std::filesystem::create_symlink(name.path, directory / "link");
  CHECK_FALSE(listen_on_unix(UnixName{directory / "link"}, {}));
  CHECK(std::filesystem::is_symlink(directory / "link"));
  CHECK(std::filesystem::file_size(file.path) == 8);
}

TEST_CASE("a file that took the place of ours stays") {
  const tcp::test::TemporaryDirectory directory;
  const UnixName name{directory / "s"};
  {
    auto listener = listen_on_unix(name, {});
    REQUIRE(listener);
    std::filesystem::remove(name.path);
    std::ofstream(name.path) << "another";
  }
  CHECK(std::filesystem::is_regular_file(name.path));
}

TEST_CASE("a full queue is waited for within the timeout") {
  const tcp::test::TemporaryDirectory directory;
  const UnixName name{directory / "s"};
  auto socket = open_unix_socket();
  const SocketAddress address = to_socket_address(name);
  REQUIRE(::bind(socket->get(), address.get(), address.length) == 0);
  REQUIRE(::listen(socket->get(), 0) == 0);
  const auto first = connect_unix(name, {});
  REQUIRE(first);
  DialOptions options;
  options.target = name;
  options.timeout = 20ms;
  const auto late = dial_now(options);
  REQUIRE_FALSE(late);
  CHECK(late.error().message() == "connect to unix:" + name.path + ": timed out");
  const UniqueFd client(::accept(socket->get(), nullptr, nullptr));
  options.timeout = 10s;
  CHECK(dial_now(options));
}
