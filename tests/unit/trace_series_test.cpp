// SPDX-License-Identifier: MIT
// Many handshakes side by side, over a scripted wire and a clock that is moved by hand.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "libtcp/trace/series.hpp"

using namespace tcp;
using namespace tcp::trace;
using namespace std::chrono_literals;
namespace control = tcp::packet::control;

namespace {

constexpr Duration kRoundTrip = 10ms;
const IpAddress kThem = IpAddress::loopback(Family::v4);

// Answers each SYN and FIN one round trip later; ports in `silent` never do.
class Servers final : public SharedNetwork {
 public:
  explicit Servers(ManualClock& clock) : clock_(clock) {}

  Result<void> send(const FourTuple& tuple, const Segment& segment) override {
    queue_.push_back({clock_.now(), tuple, true, segment});
    const auto& header = segment.header;
    if (header.is_syn_only()) {
      ports[tuple.remote.port].push_back(tuple.local.port);
      started[tuple.remote.port].push_back(clock_.now());
    }
    if (silent.contains(tuple.remote.port)) return {};
    if (header.is_syn_only()) answer(tuple, control::syn | control::ack, 500, header.sequence + 1);
    if (header.has(control::fin)) answer(tuple, control::fin | control::ack, 501, header.sequence + 1);
    return {};
  }
  Result<std::optional<Observation>> receive(const FourTuple&, MonotonicTime) override { return std::nullopt; }
  Result<std::optional<Delivery>> receive_any(std::span<const FourTuple> connections, MonotonicTime deadline) override {
    const auto next = std::ranges::min_element(queue_, {}, &Packet::due);
    if (next == queue_.end() || next->due > deadline) {
      clock_.set(std::max(deadline, clock_.now()));
      return std::nullopt;
    }
    const Packet packet = *next;
    queue_.erase(next);
    clock_.set(std::max(packet.due, clock_.now()));
    for (std::size_t i = 0; i < connections.size(); ++i) {
      if (connections[i].local == packet.tuple.local && connections[i].remote == packet.tuple.remote) {
        return Delivery{i, {clock_.wall_now(), packet.ours, false, packet.segment}};
      }
    }
    return std::nullopt;
  }

  std::set<std::uint16_t> silent;
  std::map<std::uint16_t, std::vector<std::uint16_t>> ports;  // source ports of SYNs by the target's port
  std::map<std::uint16_t, std::vector<MonotonicTime>> started;

 private:
  struct Packet {
    MonotonicTime due;
    FourTuple tuple;
    bool ours = false;
    Segment segment;
  };
  void answer(const FourTuple& tuple, std::uint16_t bits, std::uint32_t sequence, std::uint32_t acknowledgment) {
    Segment segment;
    segment.header.control_bits = bits;
    segment.header.sequence = sequence;
    segment.header.acknowledgment = acknowledgment;
    queue_.push_back({clock_.now() + kRoundTrip, tuple, false, segment});
  }
  ManualClock& clock_;
  std::deque<Packet> queue_;
};

struct Bench {
  explicit Bench(unsigned probes) {
    clock.set(MonotonicTime(1000s));
    options.syn_retries = 0;
    series.count = probes;
  }
  void run(std::vector<std::uint16_t> remote_ports) {
    std::vector<Endpoint> targets;
    for (const std::uint16_t port : remote_ports) targets.push_back({kThem, port});
    const auto plans = make_raw_plans(targets, options, series.count);
    for (const RawPlan& plan : plans) REQUIRE_FALSE(plan.error);
    RawSeries(plans, options, series, servers, clock).run(stop, [&](std::size_t target, const Handshake& handshake) {
      ++seen[{target, handshake.outcome}];
      order.push_back(target);
      if (stop_after != 0 && order.size() >= stop_after) stop = true;
      return wanted == 0 || order.size() < wanted;
    });
  }
  ManualClock clock;
  Servers servers{clock};
  TraceOptions options;
  SeriesOptions series;
  StopFlag stop = false;
  std::size_t wanted = 0;
  std::size_t stop_after = 0;
  std::map<std::pair<std::size_t, Outcome>, int> seen;
  std::vector<std::size_t> order;
};

}  // namespace

TEST_CASE("targets are traced side by side, each at its rhythm and from ports of its own") {
  Bench bench(5);
  bench.run({80, 81});
  CHECK(bench.seen[{0, Outcome::established}] == 5);
  CHECK(bench.seen[{1, Outcome::established}] == 5);
  CHECK(bench.order == std::vector<std::size_t>{0, 1, 0, 1, 0, 1, 0, 1, 0, 1});
  const auto& ports = bench.servers.ports[80];
  CHECK(std::set(ports.begin(), ports.end()).size() == 5);
  const auto& started = bench.servers.started[80];
  for (std::size_t i = 1; i < started.size(); ++i) CHECK(started[i] - started[i - 1] == 1s);
}

TEST_CASE("a silent target holds up nobody, and its own probes overlap") {
  Bench bench(4);
  bench.servers.silent = {81};
  bench.series.interval = 100ms;
  bench.run({80, 81});
  CHECK(bench.seen[{0, Outcome::established}] == 4);
  CHECK(bench.seen[{1, Outcome::filtered}] == 4);
  CHECK(bench.order == std::vector<std::size_t>{0, 0, 0, 0, 1, 1, 1, 1});
  CHECK(bench.servers.started[81][3] - bench.servers.started[81][0] == 300ms);
}

TEST_CASE("a flood sends the next one when the last one is decided") {
  Bench bench(50);
  bench.series.flood = true;
  bench.run({80});
  CHECK(bench.seen[{0, Outcome::established}] == 50);
  const auto& started = bench.servers.started[80];
  for (std::size_t i = 1; i < started.size(); ++i) CHECK(started[i] - started[i - 1] == kRoundTrip);
}

TEST_CASE("more handshakes than ports: a port is used again when its connection is over") {
  Bench bench(300);
  bench.series.flood = true;
  bench.run({80});
  const auto& ports = bench.servers.ports[80];
  CHECK(ports.size() == 300);
  CHECK(std::set(ports.begin(), ports.end()).size() == 128);
  CHECK(bench.seen[{0, Outcome::established}] == 300);
}

TEST_CASE("it ends early by a signal, and when nobody wants more") {
  Bench bench(1000);
  SUBCASE("a signal") { bench.stop_after = 3; }
  SUBCASE("nobody wants more") { bench.wanted = 3; }
  bench.run({80});
  CHECK(bench.order.size() <= 4);
  CHECK(bench.order.size() >= 3);
}
