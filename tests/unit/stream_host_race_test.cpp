// SPDX-License-Identifier: MIT
// RFC 8305 §3: when connecting begins while look-ups are under way, by a clock and a resolver that the test holds.
#include "libtcp/stream/host_race.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

#include "libtcp/stream/socket.hpp"

using namespace tcp;
using namespace tcp::stream;
using namespace std::chrono_literals;

namespace {

using Addresses = Result<std::vector<IpAddress>>;

IpAddress address(std::string_view text) { return *parse_ip_address(text); }

struct ManualClock final : Clock {
  MonotonicTime now() const override { return time; }
  WallTime wall_now() const override { return {}; }
  MonotonicTime time{1h};
};

struct Recorder final : SessionObserver {
  void on_attempt_failed(const AttemptFailed& event) override {
    failed.push_back(std::get<Endpoint>(event.remote).address);
  }
  std::vector<IpAddress> failed;
};

// Each family's look-up lasts until the test answers it.
class HeldResolver {
 public:
  ~HeldResolver() {
    for (const Family family : {Family::v6, Family::v4}) answer(family, make_error(Errc::resolve_failed, "over"));
  }

  Resolver resolver() {
    return [state = state_](const std::string&, const net::ResolveOptions& options) -> Addresses {
      std::unique_lock lock(state->mutex);
      const Family family = options.family.value_or(Family::v6);
      state->changed.wait(lock, [&] { return state->answers.contains(family); });
      return state->answers.at(family);
    };
  }

  void answer(Family family, Addresses addresses) {
    const std::lock_guard lock(state_->mutex);
    state_->answers.emplace(family, std::move(addresses));
    state_->changed.notify_all();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::map<Family, Addresses> answers;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

// Loopback of both families; nobody listens on the port, and it is held so that nobody will.
class HeldPort {
 public:
  HeldPort() {
    socket_ = *open_tcp_socket(Family::v4);
    REQUIRE(bind_socket(socket_.get(), {address("127.0.0.1"), 0}));
  }
  std::uint16_t port() const { return local_endpoint(socket_.get()).port; }

 private:
  UniqueFd socket_;
};

struct Rig {
  explicit Rig(std::uint16_t port) {
    options.target = HostTarget{"twofold.test", port};
    options.attempt_delay = 1h;
    options.timeout = 10s;
    options.resolver = held.resolver();
  }

  HostRace& begin() {
    race.emplace(options, recorder, clock, [this](int fd, std::uint32_t events) {
      (events == EPOLLIN ? lookups : attempts).push_back(fd);
      return Result<void>();
    });
    REQUIRE(race->start());
    REQUIRE(race->advance());
    return *race;
  }

  // Until the next answer or end of an attempt; true when connected.
  bool settle() {
    std::vector<pollfd> entries;
    for (const int fd : lookups) entries.push_back({fd, POLLIN, 0});
    for (const int fd : attempts) entries.push_back({fd, POLLOUT, 0});
    REQUIRE(::poll(entries.data(), entries.size(), 60000) > 0);
    for (const pollfd& entry : entries) {
      if (entry.revents == 0) continue;
      std::erase(attempts, entry.fd);
      return race->settle(entry.fd);
    }
    return false;
  }

  DialOptions options;
  HeldResolver held;
  ManualClock clock;
  Recorder recorder;
  std::vector<int> lookups;
  std::vector<int> attempts;
  std::optional<HostRace> race;
};

UniqueFd listener_on(const IpAddress& where) {
  auto socket = open_tcp_socket(where.family());
  REQUIRE(socket);
  REQUIRE(bind_socket(socket->get(), {where, 0}));
  REQUIRE(::listen(socket->get(), 4) == 0);
  return std::move(*socket);
}

}  // namespace

TEST_CASE("an IPv4 answer alone waits 50 ms for the other one") {
  const UniqueFd listener = listener_on(address("127.0.0.1"));
  Rig rig(local_endpoint(listener.get()).port);
  HostRace& race = rig.begin();
  CHECK(rig.lookups.size() == 2);
  CHECK(race.wake() == rig.clock.time + 10s);
  rig.held.answer(Family::v4, std::vector{address("127.0.0.1")});
  CHECK_FALSE(rig.settle());
  const MonotonicTime answered = rig.clock.time;
  REQUIRE(race.advance());
  CHECK(rig.attempts.empty());
  CHECK(race.wake() == answered + 50ms);
  rig.clock.time += 49ms;
  REQUIRE(race.advance());
  CHECK(rig.attempts.empty());
  rig.clock.time += 1ms;
  REQUIRE(race.advance());
  CHECK(rig.attempts.size() == 1);
  CHECK(rig.settle());
  const Dialed dialed = race.take_winner();
  CHECK(std::get<Endpoint>(dialed.remote).address == address("127.0.0.1"));
  CHECK(dialed.resolve_time == Duration(50ms));
}

TEST_CASE("an IPv6 answer begins at once, and so does what is left when it is none") {
  const HeldPort held;
  for (const bool positive : {true, false}) {
    CAPTURE(positive);
    Rig rig(held.port());
    HostRace& race = rig.begin();
    if (positive) {
      rig.held.answer(Family::v6, std::vector{address("127.0.0.2")});
    } else {
      rig.held.answer(Family::v4, std::vector{address("127.0.0.1")});
      CHECK_FALSE(rig.settle());
      REQUIRE(race.advance());
      CHECK(rig.attempts.empty());
      rig.held.answer(Family::v6, make_error(Errc::resolve_failed, "resolve twofold.test", "SERVFAIL"));
    }
    CHECK_FALSE(rig.settle());
    REQUIRE(race.advance());
    CHECK(rig.attempts.size() + rig.recorder.failed.size() == 1);
  }
}

TEST_CASE("what comes later joins the race, and its end is waited for") {
  const UniqueFd listener = listener_on(address("127.0.0.1"));
  Rig rig(local_endpoint(listener.get()).port);
  HostRace& race = rig.begin();
  rig.held.answer(Family::v6, std::vector{address("127.0.0.2")});  // refuses
  CHECK_FALSE(rig.settle());
  REQUIRE(race.advance());
  while (rig.recorder.failed.empty()) CHECK_FALSE(rig.settle());
  REQUIRE(race.advance());  // not lost: an answer is still to come
  rig.held.answer(Family::v4, std::vector{address("127.0.0.2"), address("127.0.0.1")});
  CHECK_FALSE(rig.settle());
  REQUIRE(race.advance());
  CHECK(rig.settle());
  CHECK(rig.recorder.failed == std::vector{address("127.0.0.2")});  // once
  CHECK(std::get<Endpoint>(race.take_winner().remote).address == address("127.0.0.1"));
}

TEST_CASE("late addresses go where the families take turns") {
  const HeldPort held;
  Rig rig(held.port());
  ConnectRace race({}, rig.options, rig.recorder, rig.clock);
  race.add({address("127.0.0.1"), address("127.0.0.2")});
  race.add({address("::1"), address("127.0.0.1")});
  while (race.has_next()) {
    const auto fd = race.start_next();
    if (!fd) continue;
    pollfd entry{*fd, POLLOUT, 0};
    REQUIRE(::poll(&entry, 1, 60000) == 1);
    CHECK_FALSE(race.settle(*fd));
  }
  CHECK(rig.recorder.failed == std::vector{address("::1"), address("127.0.0.1"), address("127.0.0.2")});
}

TEST_CASE("no answer at all is a timeout of the name, no address after an attempt one of the connection") {
  const HeldPort held;
  Rig rig(held.port());
  HostRace& race = rig.begin();
  rig.clock.time += 10s;
  CHECK(race.advance().error().message() == "resolve twofold.test: timed out");

  Rig second(held.port());
  HostRace& tried = second.begin();
  second.held.answer(Family::v6, std::vector{address("127.0.0.2")});
  CHECK_FALSE(second.settle());
  REQUIRE(tried.advance());
  while (second.recorder.failed.empty()) CHECK_FALSE(second.settle());
  second.clock.time += 10s;
  const auto late = tried.advance();
  CHECK(late.error().is(Errc::timed_out));
  CHECK(late.error().detail == "timed out; 127.0.0.2: Connection refused");
}

TEST_CASE("when both look-ups fail there is one reason, or each has its own") {
  const Addresses none = make_error(Errc::resolve_failed, "resolve x", "no such name");
  const Addresses trouble = make_error(Errc::resolve_failed, "resolve x", "server trouble");
  NameAnswers same(2);
  same.note(Family::v6, none, {});
  CHECK_FALSE(same.is_complete());
  same.note(Family::v4, none, {});
  CHECK(same.is_complete());
  CHECK(same.failure().message() == "resolve x: no such name");
  for (const bool v4_first : {false, true}) {
    NameAnswers differ(2);
    if (v4_first) differ.note(Family::v4, none, {});
    differ.note(Family::v6, trouble, {});
    if (!v4_first) differ.note(Family::v4, none, {});
    CHECK(differ.failure().message() == "resolve x: IPv6: server trouble; IPv4: no such name");
  }
}

TEST_CASE("one family is one question, also when a source address decides") {
  const HeldPort held;
  Rig wanted(held.port());
  wanted.options.family = Family::v4;
  wanted.begin();
  CHECK(wanted.lookups.size() == 1);
  Rig from(held.port());
  from.options.source_address = address("127.0.0.1");
  HostRace& race = from.begin();
  CHECK(from.lookups.size() == 1);
  from.held.answer(Family::v4, std::vector{address("127.0.0.1")});
  CHECK_FALSE(from.settle());
  REQUIRE(race.advance());  // nothing else is waited for
  CHECK(from.attempts.size() + from.recorder.failed.size() == 1);
}
