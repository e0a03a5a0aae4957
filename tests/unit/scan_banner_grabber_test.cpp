// SPDX-License-Identifier: MIT
// Many ports at once against scripted peers: how many at a time, in what order, and what becomes of the rest.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "libtcp/scan/banner_grabber.hpp"

using namespace tcp;
using namespace tcp::scan;
using namespace std::chrono_literals;

namespace {

// Peers that accept at once and say what the script has for their endpoint; time passes only in wait().
class ScriptedClients final : public net::TcpClients {
 public:
  explicit ScriptedClients(ManualClock& clock) : clock_(clock) {}

  bool connect(std::uint64_t client, const Endpoint& remote) override {
    if (open.size() >= room) return false;
    open[client] = remote;
    most_open = std::max(most_open, open.size());
    const auto with_host =
        std::ranges::count_if(open, [&](const auto& entry) { return entry.second.address == remote.address; });
    most_per_host = std::max(most_per_host, static_cast<std::size_t>(with_host));
    order.push_back(remote);
    coming_.push_back({net::TcpEvent::Kind::connected, client, {}, {}});
    if (!says.empty()) coming_.push_back({net::TcpEvent::Kind::bytes, client, {says.begin(), says.end()}, {}});
    return true;
  }
  void send(std::uint64_t, std::span<const std::uint8_t>) override {}
  void close(std::uint64_t client) override { open.erase(client); }
  void wake() override {}

  Result<std::span<const net::TcpEvent>> wait(MonotonicTime deadline) override {
    events_.swap(coming_);
    coming_.clear();
    if (events_.empty()) clock_.set(std::max(clock_.now(), deadline));
    return events_;
  }

  std::map<std::uint64_t, Endpoint> open;
  std::vector<Endpoint> order;
  std::size_t most_open = 0;
  std::size_t most_per_host = 0;
  std::size_t room = 1000;
  std::string says;

 private:
  ManualClock& clock_;
  std::vector<net::TcpEvent> coming_;
  std::vector<net::TcpEvent> events_;
};

struct Bench {
  explicit Bench(const BannerOptions& options)
      : grabber(
            options, clock, clients, nullptr, [](const IpAddress&) { return std::string(); },
            [this](PortResult result) { done.push_back(std::move(result)); }) {}

  void add(std::uint32_t host, std::uint16_t port) {
    PortResult result;
    result.target = {IpAddress::v4(0xc0000200 + host), port};
    result.state = PortState::open;
    grabber.add(std::move(result));
  }
  void run() {
    for (int i = 0; i < 1'000'000 && !grabber.is_idle(); ++i) REQUIRE(grabber.step(clock.now() + 1s));
    REQUIRE(grabber.is_idle());
  }
  [[nodiscard]] std::size_t count(BannerOutcome outcome) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(done, [&](const PortResult& result) { return result.banner->outcome == outcome; }));
  }

  ManualClock clock;
  ScriptedClients clients{clock};
  std::vector<PortResult> done;
  BannerGrabber grabber;
};

}  // namespace

TEST_CASE("connections are bounded, per host too, and every port is told once") {
  BannerOptions options;
  options.most_conversations = 10;
  options.most_per_host = 3;
  Bench bench(options);
  bench.clients.says = "SSH-2.0-x_1\r\n";
  for (std::uint32_t host = 0; host < 4; ++host) {
    for (std::uint16_t port = 1; port <= 20; ++port) bench.add(host, port);
  }
  bench.run();
  CHECK(bench.clients.most_open == 10);
  CHECK(bench.clients.most_per_host == 3);
  std::set<Endpoint> told;
  for (const PortResult& result : bench.done) CHECK(told.insert(result.target).second);
  CHECK(told.size() == 80);
  CHECK(bench.count(BannerOutcome::identified) == 80);
  CHECK(bench.clients.open.empty());
}

TEST_CASE("a host that accepts everything and says nothing is not asked for ever") {
  BannerOptions options;
  options.most_mute = 20;
  Bench bench(options);
  for (std::uint16_t port = 40'000; port < 41'000; ++port) bench.add(1, port);
  bench.run();
  CHECK(bench.done.size() == 1000);
  CHECK(bench.count(BannerOutcome::mute) >= 20);
  CHECK(bench.count(BannerOutcome::mute) < 30);
  CHECK(bench.count(BannerOutcome::not_asked) > 970);
  CHECK(explain(*bench.done.back().banner) == "not asked: the host accepts on every port and says nothing");
}

TEST_CASE("without room for connections it waits, and then says so") {
  BannerOptions options;
  Bench bench(options);
  bench.clients.room = 2;
  bench.clients.says = "SSH-2.0-x_1\r\n";
  for (std::uint16_t port = 1; port <= 50; ++port) bench.add(1, port);
  bench.run();
  CHECK(bench.count(BannerOutcome::identified) == 50);

  Bench starved(options);
  starved.clients.room = 0;
  starved.add(1, 80);
  starved.run();
  REQUIRE(starved.done.size() == 1);
  CHECK(explain(*starved.done[0].banner) == "not asked: no descriptor or local port was free for it");
}

TEST_CASE("what waits is bounded, and all of it can be abandoned") {
  BannerOptions options;
  options.most_waiting = 5;
  Bench bench(options);
  for (std::uint16_t port = 1; port <= 8; ++port) bench.add(1, port);
  CHECK(bench.done.size() == 3);
  CHECK(explain(*bench.done[0].banner) == "not asked: too many open ports at once");
  REQUIRE(bench.grabber.step(bench.clock.now() + 1ms));
  bench.grabber.abandon("interrupted");
  CHECK(bench.grabber.is_idle());
  CHECK(bench.done.size() == 8);
  CHECK(bench.clients.open.empty());
}
