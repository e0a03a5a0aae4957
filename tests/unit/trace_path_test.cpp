// SPDX-License-Identifier: MIT
// A path trace over a scripted network and a clock that is moved by hand.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "libtcp/packet/build.hpp"
#include "libtcp/trace/path_statistics.hpp"
#include "libtcp/trace/run_path.hpp"

using namespace tcp;
using namespace tcp::trace;
using namespace std::chrono_literals;
namespace control = tcp::packet::control;

namespace {

const Endpoint kRemote{IpAddress::v4(0xc6336402), 443};
const IpAddress kLocal = IpAddress::v4(0xc0000201);
constexpr Duration kRoundTrip = 40ms;

IpAddress router(unsigned hop) { return IpAddress::v4(0xcb007100 + hop); }

// Routers that answer by "time exceeded", and a target behind them; each answer takes one round trip.
class Routers final : public PathNetwork {
 public:
  explicit Routers(ManualClock& clock) : clock_(clock) {}

  Result<void> send(const FourTuple& tuple, const Segment& segment, std::size_t) override {
    if (fail_with != 0) return system_error("send", fail_with);
    if (segment.header.has(control::rst)) {
      resets.push_back(segment.header.sequence);
      return {};
    }
    ++probes[segment.time_to_live];
    queue_.push_back({clock_.now(), {clock_.wall_now() + 5us, PathObservation::Ours{tuple, segment}}});
    if (segment.time_to_live < distance) {
      if (!silent.contains(segment.time_to_live)) expire(tuple, segment);
    } else if (target_answers) {
      answer(tuple, segment);
    }
    return {};
  }

  Result<std::optional<PathObservation>> receive(MonotonicTime deadline) override {
    const auto next = std::ranges::min_element(queue_, {}, &Arrival::at);
    if (next == queue_.end() || next->at > deadline) {
      clock_.set(std::max(deadline, clock_.now()));
      if (stop_when_idle != nullptr) *stop_when_idle = true;
      return std::nullopt;
    }
    clock_.set(std::max(next->at, clock_.now()));
    PathObservation seen = next->seen;
    queue_.erase(next);
    return seen;
  }

  std::uint8_t distance = 4;
  bool target_answers = true;
  std::uint16_t answer_bits = control::syn | control::ack;
  std::map<unsigned, bool> silent;
  int fail_with = 0;
  StopFlag* stop_when_idle = nullptr;
  std::map<unsigned, unsigned> probes;
  std::vector<std::uint32_t> resets;

 private:
  struct Arrival {
    MonotonicTime at;
    PathObservation seen;
  };

  void arrive(std::variant<PathObservation::Ours, PathObservation::Theirs, QuotingError> what) {
    const MonotonicTime at = clock_.now() + kRoundTrip;
    queue_.push_back({at, {WallTime(at.time_since_epoch()) + 5us, std::move(what)}});
  }

  void expire(const FourTuple& tuple, const Segment& segment) {
    std::array<std::uint8_t, 128> buffer;
    const auto packet = packet::build_tcp_packet(
        buffer, tuple.local, tuple.remote, {1, 0, 0, segment.identification, true, 0}, segment.header, segment.options);
    packet::IcmpView view;
    view.header.type = 11;
    view.quoted = packet;
    arrive(QuotingError{view.header, router(segment.time_to_live), 60, *read_quote(view)});
  }

  void answer(const FourTuple& tuple, const Segment& segment) {
    Segment reply;
    reply.header.control_bits = answer_bits;
    reply.header.acknowledgment = segment.header.sequence + 1;
    arrive(PathObservation::Theirs{tuple, reply});
  }

  ManualClock& clock_;
  std::deque<Arrival> queue_;
};

struct Bench {
  Bench() { clock.set(MonotonicTime(1000s)); }
  Path run() {
    PathProbesOptions probes;
    probes.remote = kRemote;
    probes.local = kLocal;
    probes.first_port = 40000;
    probes.random = [this] { return next_random += 7919; };
    return run_path(plan, probes, network, clock, stop);
  }
  PathPlanOptions plan;
  ManualClock clock;
  Routers network{clock};
  StopFlag stop{false};
  std::uint32_t next_random = 0xffffff00;
};

}  // namespace

TEST_CASE("a path is found hop by hop, timed by the kernel, and nothing is left open") {
  Bench bench;
  SUBCASE("three flows") {}
  SUBCASE("one flow") { bench.plan.flows = 1; }
  const Path path = bench.run();
  const auto hops = summarize(path);
  REQUIRE(hops.size() == 4);
  for (const Hop& hop : hops) {
    CHECK(hop.sent == 3);
    CHECK(hop.answered == 3);
    CHECK(hop.shortest == kRoundTrip);
    CHECK(hop.average == kRoundTrip);
    REQUIRE(hop.addresses.size() == 1);
    CHECK(hop.addresses.front().address == (hop.number == 4 ? kRemote.address : router(hop.number)));
  }
  CHECK(end_of(path).outcome == PathOutcome::open);
  CHECK(end_of(path).hop == 4);
  unsigned reached = 0;
  for (const auto& [hop, count] : bench.network.probes) reached += hop >= 4 ? count : 0;
  CHECK(bench.network.resets.size() == reached);
}

TEST_CASE("once the end is known nothing is sent beyond it") {
  Bench bench;
  (void)bench.run();
  // A round trip of 40 ms and a probe each 10 ms: four or five were under way.
  CHECK(bench.network.probes.rbegin()->first <= 9);
  CHECK(bench.network.probes[9] <= 1);
  CHECK(bench.network.probes[4] == 3);
}

TEST_CASE("a silent hop costs the timeout and is lost") {
  Bench bench;
  bench.network.silent[2] = true;
  const auto hops = summarize(bench.run());
  REQUIRE(hops.size() == 4);
  CHECK(hops[1].sent == 3);
  CHECK(hops[1].answered == 0);
  CHECK(!hops[1].average);
  CHECK(bench.clock.now() < MonotonicTime(1000s) + bench.plan.timeout + 2s);
}

TEST_CASE("a silent target is told by the last hop that answered") {
  Bench bench;
  bench.network.target_answers = false;
  bench.plan.max_hops = 8;
  const Path path = bench.run();
  CHECK(summarize(path).size() == 3);
  CHECK(end_of(path).outcome == PathOutcome::silent);
  CHECK(end_of(path).hop == 3);
  CHECK(bench.network.probes[8] == 3);
}

TEST_CASE("a refusal ends the path and is not reset") {
  Bench bench;
  bench.network.answer_bits = control::rst | control::ack;
  const Path path = bench.run();
  CHECK(end_of(path).outcome == PathOutcome::closed);
  CHECK(bench.network.resets.empty());
}

TEST_CASE("what cannot be sent is a failure, a full queue is not") {
  Bench bench;
  bench.network.fail_with = EPERM;
  CHECK(end_of(bench.run()).outcome == PathOutcome::failed);
  bench.network.fail_with = ENOBUFS;
  CHECK(end_of(bench.run()).outcome == PathOutcome::silent);
}

TEST_CASE("a stop ends it") {
  Bench bench;
  bench.network.target_answers = false;
  bench.network.stop_when_idle = &bench.stop;
  const Path path = bench.run();
  CHECK(path.interrupted);
  CHECK(end_of(path).outcome == PathOutcome::interrupted);
}

TEST_CASE("an answer belongs to the probe whose number it acknowledges") {
  PathProbesOptions options;
  options.remote = kRemote;
  options.local = kLocal;
  options.first_port = 40000;
  std::uint32_t number = 100;
  options.random = [&number] { return number++; };
  PathProbes probes(options);
  (void)probes.make(0, 3, 0, 0s);
  const Segment second = probes.make(1, 4, 1, 0s);
  Segment reply;
  reply.header.control_bits = control::syn | control::ack;
  reply.header.acknowledgment = second.header.sequence + 1;
  CHECK(probes.match(probes.tuple(1), reply, {})->probe == 1);
  CHECK(!probes.match(probes.tuple(0), reply, {}));  // another flow's port
  reply.header.control_bits = control::ack;          // a challenge
  CHECK(!probes.match(probes.tuple(1), reply, {}));
  CHECK(probes.reset_for(reply)->header.sequence == second.header.sequence + 1);
  reply.header.acknowledgment += 77;
  reply.header.control_bits = control::rst | control::ack;
  CHECK(!probes.match(probes.tuple(1), reply, {}));
  CHECK(!probes.reset_for(reply));
}

TEST_CASE("resets are bounded") {
  PathProbesOptions options;
  options.remote = kRemote;
  std::uint32_t number = 5;
  options.random = [&number] { return number++; };
  PathProbes probes(options);
  Segment reply;
  reply.header.control_bits = control::syn | control::ack;
  unsigned sent = 0;
  while (probes.reset_for(reply)) ++sent;
  CHECK(sent == 200);
}

TEST_CASE("a quote whose sequence number was rewritten is known by its IP id") {
  PathProbesOptions options;
  options.remote = kRemote;
  options.local = kLocal;
  options.first_port = 40000;
  std::uint32_t number = 100;
  options.random = [&number] { return number++; };
  PathProbes probes(options);
  const Segment syn = probes.make(7, 3, 0, 0s);
  QuotingError error;
  error.header.type = 11;
  error.quote.source = probes.tuple(0).local;
  error.quote.destination = kRemote;
  error.quote.sequence = syn.header.sequence + 1000;
  error.quote.identification = syn.identification;
  error.quote.segment.resize(8);
  CHECK(probes.match(error, {})->probe == 7);
  error.quote.identification ^= 1;
  CHECK(!probes.match(error, {}));
  error.quote.identification ^= 1;
  error.quote.source.port ^= 1;
  CHECK(!probes.match(error, {}));
}

TEST_CASE("over rounds: sums, and a route that moves") {
  const auto round = [](std::uint32_t address, Duration rtt, WallTime time) {
    Path path;
    path.started = time;
    PathProbe& probe = path.probes.emplace_back();
    probe.hop = 1;
    probe.sent = true;
    if (address == 0) return path;
    PathReply reply;
    reply.sender = IpAddress::v4(address);
    reply.time = WallTime(rtt);
    probe.reply = reply;
    return path;
  };
  PathStatistics statistics;
  statistics.add(round(1, 10ms, WallTime(1s)));
  statistics.add(round(0, 0ms, WallTime(2s)));
  statistics.add(round(2, 30ms, WallTime(3s)));
  REQUIRE(statistics.hops().size() == 1);
  const Hop& hop = statistics.hops().front();
  CHECK(hop.number == 1);
  CHECK(hop.sent == 2);  // the second round has no hop that answered
  CHECK(hop.average == 20ms);
  CHECK(hop.last == 30ms);
  CHECK(hop.longest == 30ms);
  REQUIRE(statistics.route_changes().size() == 1);
  CHECK(statistics.route_changes().front().time == WallTime(3s));
  for (std::uint32_t i = 0; i < 300; ++i) statistics.add(round(3 + i, 1ms, WallTime(4s)));
  CHECK(statistics.route_changes().size() == 100);
  CHECK(statistics.route_changes_omitted() == 201);
  CHECK(statistics.hops().front().addresses.size() == 64);
}

TEST_CASE("a route is compared within a flow, so that load balancing and loss are no changes") {
  struct Answer {
    std::uint32_t flow;
    std::uint32_t address;
  };
  const auto round = [](WallTime time, std::initializer_list<Answer> answers, Technique technique = Technique::raw) {
    Path path;
    path.technique = technique;
    path.flows = 2;
    path.started = time;
    for (const Answer& answer : answers) {
      PathProbe& probe = path.probes.emplace_back();
      probe.hop = 1;
      probe.flow = answer.flow;
      probe.sent = true;
      PathReply reply;
      reply.sender = IpAddress::v4(answer.address);
      probe.reply = reply;
    }
    return path;
  };
  PathStatistics statistics;
  SUBCASE("one flow's answer was lost, then the other's") {
    statistics.add(round(WallTime(1s), {{0, 1}}));
    statistics.add(round(WallTime(2s), {{1, 2}}));
    statistics.add(round(WallTime(3s), {{0, 1}, {1, 2}}));
    CHECK(statistics.route_changes().empty());
  }
  SUBCASE("connect() has another port each time") {
    statistics.add(round(WallTime(1s), {{0, 1}}, Technique::connect));
    statistics.add(round(WallTime(2s), {{0, 2}}, Technique::connect));
    CHECK(statistics.route_changes().empty());
    CHECK(statistics.hops().front().addresses.size() == 2);
  }
  SUBCASE("flows that move alike are one change, a flow that stays is none") {
    statistics.add(round(WallTime(1s), {{0, 1}, {1, 1}, {2, 5}}));
    statistics.add(round(WallTime(2s), {{0, 3}, {1, 3}, {2, 5}}));
    REQUIRE(statistics.route_changes().size() == 1);
    CHECK(statistics.route_changes().front().before == std::vector{IpAddress::v4(1)});
    CHECK(statistics.route_changes().front().after == std::vector{IpAddress::v4(3)});
  }
  SUBCASE("one flow moves to where another already was") {
    statistics.add(round(WallTime(1s), {{0, 1}, {1, 2}}));
    statistics.add(round(WallTime(2s), {{0, 2}, {1, 2}}));
    CHECK(statistics.route_changes().size() == 1);
  }
}
