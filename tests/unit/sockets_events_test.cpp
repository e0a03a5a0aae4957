// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/sockets/events.hpp"
#include "libtcp/sockets/state_program.hpp"
#include "sockets_messages.hpp"

using namespace tcp;
using namespace tcp::sockets;
using namespace socket_messages;

namespace {

constexpr const char* kFormat =
    "name: inet_sock_set_state\nID: 2287\nformat:\n"
    "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
    "\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
    "\tfield:const void * skaddr;\toffset:8;\tsize:8;\tsigned:0;\n"
    "\tfield:int oldstate;\toffset:16;\tsize:4;\tsigned:1;\n"
    "\tfield:int newstate;\toffset:20;\tsize:4;\tsigned:1;\n"
    "\tfield:__u16 sport;\toffset:24;\tsize:2;\tsigned:0;\n"
    "\tfield:__u16 dport;\toffset:26;\tsize:2;\tsigned:0;\n"
    "\tfield:__u16 family;\toffset:28;\tsize:2;\tsigned:0;\n"
    "\tfield:__u16 protocol;\toffset:30;\tsize:2;\tsigned:0;\n"
    "\tfield:__u8 saddr[4];\toffset:32;\tsize:4;\tsigned:0;\n"
    "\tfield:__u8 daddr[4];\toffset:36;\tsize:4;\tsigned:0;\n"
    "\tfield:__u8 saddr_v6[16];\toffset:40;\tsize:16;\tsigned:0;\n"
    "\tfield:__u8 daddr_v6[16];\toffset:56;\tsize:16;\tsigned:0;\n\n"
    "print fmt: \"family=%s\", REC->family\n";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

Octets record(std::uint16_t family, std::uint16_t protocol = IPPROTO_TCP) {
  const std::array<std::uint8_t, 16> v6{0x20, 0x01, 0x0d, 0xb8};
  return joined({Octets(8),
                 octets_of(std::uint64_t{0xffff888012345678}),
                 octets_of(std::array<std::int32_t, 2>{3, 1}),
                 octets_of(std::array<std::uint16_t, 4>{443, 50000, family, protocol}),
                 {192, 0, 2, 1},
                 {192, 0, 2, 2},
                 octets_of(v6),
                 octets_of(v6)});
}

StateRecordFormat format() {
  const auto parsed = StateRecordFormat::parse(kFormat);
  REQUIRE(parsed);
  return *parsed;
}

// The ends of a connection over loopback that is over, as its client saw them; the server closed first.
FourTuple connect_and_close(Family family) {
  const int domain = to_address_family(family);
  const UniqueFd listener(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any = to_socket_address({IpAddress::loopback(family), 0});
  REQUIRE(::bind(listener.get(), any.get(), any.length) == 0);
  REQUIRE(::listen(listener.get(), 1) == 0);
  const auto end = [](int fd, decltype(::getsockname)* call) {
    SocketAddress address{{}, sizeof(sockaddr_storage)};
    REQUIRE(call(fd, address.get(), &address.length) == 0);
    return from_socket_address(address.get(), address.length).value();
  };
  const UniqueFd client(::socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto to = to_socket_address(end(listener.get(), ::getsockname));
  REQUIRE(::connect(client.get(), to.get(), to.length) == 0);
  const UniqueFd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  std::array<char, 5> received{};
  REQUIRE(::send(client.get(), "hello", received.size(), 0) == 5);
  REQUIRE(::recv(server.get(), received.data(), received.size(), MSG_WAITALL) == 5);
  return {end(client.get(), ::getsockname), end(client.get(), ::getpeername)};
}

// Of one end of a connection, until its close; events of everything else on the host are passed over.
std::vector<SocketEvent> events_of(SocketEvents& events, const FourTuple& ends) {
  std::vector<SocketEvent> its;
  const SystemClock clock;
  const MonotonicTime deadline = clock.now() + std::chrono::seconds(20);
  while (clock.now() < deadline) {
    auto event = events.next(deadline);
    REQUIRE(event);
    if (!*event) break;
    if ((*event)->ends != ends) continue;
    its.push_back(*std::move(*event));
    if (its.back().kind == SocketEventKind::closed) break;
  }
  return its;
}

}  // namespace

TEST_CASE("a change of state is read where the format says") {
  const auto change = format().read(record(AF_INET));
  REQUIRE(change);
  CHECK(change->kernel_socket == 0xffff888012345678);
  CHECK(to_string(change->ends.local) == "192.0.2.1:443");
  CHECK(to_string(change->ends.remote) == "192.0.2.2:50000");
  CHECK(change->old_state == TcpState::syn_received);
  CHECK(change->new_state == TcpState::established);
  CHECK(to_string(format().read(record(AF_INET6))->ends.local) == "[2001:db8::]:443");
  Octets strange = record(AF_INET);
  strange[20] = 99;  // the new state
  CHECK_FALSE(format().read(strange));
}

TEST_CASE("a kernel that moves a field is followed") {
  const auto moved = StateRecordFormat::parse(
      replaced(replaced(kFormat, "sport;\toffset:24", "sport;\toffset:26"), "dport;\toffset:26", "dport;\toffset:24"));
  REQUIRE(moved);
  CHECK(moved->read(record(AF_INET))->ends.local.port == 50000);
}

TEST_CASE("other protocols, other families and cut records are no change") {
  CHECK_FALSE(format().read(record(AF_INET, 132)));
  CHECK_FALSE(format().read(record(AF_UNIX)));
  const Octets whole = record(AF_INET);
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(format().read(std::span(whole).first(size)));
}

TEST_CASE("a format that is not understood is malformed") {
  for (const std::string& text :
       {std::string(), replaced(kFormat, "skaddr", "other"), replaced(kFormat, "offset:28", "offset:x"),
        replaced(kFormat, "sport;\toffset:24;\tsize:2", "sport;\toffset:24;\tsize:4"),
        replaced(kFormat, "sport;\toffset:24;\tsize:2", "sport;\toffset:24"),
        replaced(kFormat, "offset:28", "offset:99999")}) {
    const auto parsed = StateRecordFormat::parse(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().is(Errc::malformed));
  }
}

TEST_CASE("a connection that closes is told with its totals") {
  const SystemClock clock;
  for (const Family family : {Family::v4, Family::v6}) {
    auto events = SocketEvents::open(clock, {.closes = true, .changes = false});
    REQUIRE(events);
    CHECK(events->sources().closes);
    CHECK_FALSE(events->sources().changes);
    const auto its = events_of(*events, connect_and_close(family));
    REQUIRE(its.size() == 1);
    CHECK(its[0].kind == SocketEventKind::closed);
    REQUIRE(its[0].totals);
    CHECK(its[0].totals->tcp_info.get("bytes_sent") == 5U);
    CHECK(events->losses().close_overruns == 0);
  }
}

TEST_CASE("a connection's changes of state are told in order, or it is said why not") {
  const SystemClock clock;
  auto events = SocketEvents::open(clock, {});
  REQUIRE(events);
  CHECK_FALSE(events->sources().limits.empty());
  const auto its = events_of(*events, connect_and_close(Family::v4));
  REQUIRE_FALSE(its.empty());
  CHECK(its.back().totals != nullptr);
  if (!events->sources().changes) {
    CHECK(events->sources().limits[0].starts_with("opened connections and changes of state are not seen: "));
    return;
  }
  std::vector<TcpState> states;
  for (const SocketEvent& event : its) states.push_back(event.new_state);
  CHECK(its[0].kind == SocketEventKind::opened);
  CHECK(its[0].old_state == TcpState::syn_sent);
  CHECK(states[0] == TcpState::established);
  CHECK(std::ranges::find(states, TcpState::close_wait) != states.end());
  CHECK(std::ranges::is_sorted(its, {}, &SocketEvent::at));
}

TEST_CASE("changes in another network namespace are not told, and stay told to those who listen to all") {
  const SystemClock clock;
  auto events = SocketEvents::open(clock, {.closes = false, .changes = true});
  if (!events || events->sources().changes_of_all_namespaces) return;  // not permitted, and said so
  auto everything = net::Tracepoint::open("sock", "inet_sock_set_state", "protocol == 6");
  REQUIRE(everything);
  // The end of a listener that is over, port 0 when there was none.
  const auto listen_on = [](int family) {
    const UniqueFd listener(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    SocketAddress local{{}, sizeof(sockaddr_storage)};
    const bool listens = ::listen(listener.get(), 1) == 0;
    if (!listens || ::getsockname(listener.get(), local.get(), &local.length) != 0) return Endpoint();
    return from_socket_address(local.get(), local.length).value();
  };
  Endpoint theirs;
  std::thread elsewhere([&] {
    if (::unshare(CLONE_NEWNET) == 0) theirs = listen_on(AF_INET6);
  });
  elsewhere.join();
  if (theirs.port == 0) return;  // no namespace may be made
  const Endpoint ours = listen_on(AF_INET);
  bool own = false;
  const MonotonicTime deadline = clock.now() + std::chrono::seconds(20);
  while (!own) {
    const auto event = events->next(deadline);
    REQUIRE((event && *event));
    CHECK((*event)->ends.local != theirs);
    own = (*event)->ends.local == ours;
  }
  const auto format = StateRecordFormat::parse(everything->format());
  REQUIRE(format);
  bool others = false;
  everything->drain([&](const net::TracepointSample& sample) {
    const auto change = format->read(sample.record);
    if (change && change->ends.local == theirs) others = true;
  });
  CHECK(others);
}

TEST_CASE("without the multicast a change to CLOSED is the close") {
  const SystemClock clock;
  auto events = SocketEvents::open(clock, {.closes = false, .changes = true, .family = Family::v6});
  if (!events) {
    CHECK(events.error().is(Errc::not_permitted));
    return;
  }
  const auto its = events_of(*events, connect_and_close(Family::v6));
  REQUIRE(its.size() >= 2);
  CHECK(its.back().kind == SocketEventKind::closed);
  CHECK(its.back().totals == nullptr);
}

TEST_CASE("what comes faster than it is read is lost, and counted") {
  const SystemClock clock;
  auto events = SocketEvents::open(clock, {});
  REQUIRE(events);
  const auto open_and_close = [](int many) {
    for (int i = 0; i < many; ++i) {
      const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      REQUIRE(::listen(listener.get(), 1) == 0);
    }
  };
  const auto told_of_losses = [&] {
    const EventLosses losses = events->losses();
    return losses.close_overruns > 0 && (losses.changes > 0 || !events->sources().changes);
  };
  const MonotonicTime deadline = clock.now() + std::chrono::seconds(60);
  // The kernel tells of closes later, and of a loss with the next record that finds room.
  const auto read_all = [&] {
    for (bool any = true; any && clock.now() < deadline;) {
      const auto event = events->next(clock.now() + std::chrono::milliseconds(100));
      REQUIRE(event);
      any = event->has_value();
    }
  };
  while (!told_of_losses() && clock.now() < deadline) {
    open_and_close(40'000);  // more than there is room for: 8 MiB for closes, 256 KiB a processor for changes
    read_all();
    open_and_close(1);
    read_all();
  }
  CHECK(told_of_losses());
}

TEST_CASE("the program that picks a namespace is not made of types that are not understood") {
  const auto parsed = StateRecordFormat::parse(kFormat);
  REQUIRE(parsed);
  CHECK_FALSE(make_state_program({}, *parsed, 1, 3));
  CHECK_FALSE(make_state_program(Octets(4096, 0xff), *parsed, 1, 3));
}

TEST_CASE("nothing asked for is an error, and nothing happening ends at the deadline") {
  const SystemClock clock;
  CHECK(SocketEvents::open(clock, {.closes = false, .changes = false}).error().is(Errc::invalid_input));
  auto events = SocketEvents::open(clock, {.closes = true, .changes = false});
  REQUIRE(events);
  for (;;) {
    const auto event = events->next(clock.now() - std::chrono::seconds(1));
    REQUIRE(event);
    if (!*event) break;
  }
}
