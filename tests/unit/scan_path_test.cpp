// SPDX-License-Identifier: MIT
// Whole scans over paths of every kind, in virtual time: exact, so bounds on time are exact too.
#include "tests/support/scan_path.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "libtcp/scan/scan.hpp"

using namespace tcp;
using namespace tcp::scan;
using namespace std::chrono_literals;

namespace {

const IpAddress kHost = IpAddress::v4(0x0a000001);

std::vector<std::uint16_t> all_ports(unsigned count = 65'535) {
  std::vector<std::uint16_t> ports(count);
  std::iota(ports.begin(), ports.end(), std::uint16_t{1});
  return ports;
}

ScanOptions options_for(const AddressRange& hosts, std::vector<std::uint16_t> ports, std::uint64_t seed) {
  ScanOptions options;
  options.space = *ProbeSpace::make(*TargetSet::make({hosts}), std::move(ports));
  options.technique = find_technique("syn");
  options.seed = seed;
  return options;
}

// 200 open ports of 65,535, and the rest as told.
PortBehaviour two_hundred_open(std::uint16_t port, PortBehaviour rest) {
  return port % 327 == 1 && port < 65'400 ? PortBehaviour::open : rest;
}

struct Tally final : Observer {
  void on_result(const PortResult& result) override { ++states[static_cast<std::size_t>(result.state)]; }
  [[nodiscard]] std::uint64_t of(PortState state) const { return states[static_cast<std::size_t>(state)]; }
  void on_host_note(const HostNote& note) override { notes.push_back(note); }
  std::array<std::uint64_t, 8> states{};
  std::vector<HostNote> notes;
};

struct Outcome {
  ScanSummary summary;
  Tally tally;
  std::uint64_t sent = 0;
  double seconds = 0;
};

Outcome scan_over(const PathOptions& path, const ScanOptions& options, const ScanPath::Ports& ports) {
  ManualClock clock;
  ScanPath network(clock, path, ports);
  Outcome outcome;
  auto summary = tcp::scan::run(options, clock, network, outcome.tally);
  REQUIRE(summary);
  outcome.summary = *summary;
  outcome.sent = network.sent;
  outcome.seconds = std::chrono::duration<double>(summary->elapsed).count();
  return outcome;
}

Outcome scan_one_host(const PathOptions& path, PortBehaviour rest, std::uint64_t seed = 7) {
  return scan_over(path, options_for({kHost, kHost}, all_ports(), seed),
                   [rest](const Endpoint& target) { return two_hundred_open(target.port, rest); });
}

}  // namespace

TEST_CASE("all ports of a host nearby") {
  const Outcome outcome = scan_one_host({.rtt = 200us, .bottleneck = 170'000, .queue = 1000}, PortBehaviour::closed);
  CHECK(outcome.tally.of(PortState::open) == 200);
  CHECK(outcome.tally.of(PortState::closed) == 65'335);
  CHECK(outcome.seconds < 0.8);
}

TEST_CASE("random loss slows nothing") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Outcome outcome = scan_one_host(
        {.rtt = 200us, .bottleneck = 170'000, .queue = 1000, .loss = 0.2, .seed = seed}, PortBehaviour::closed, seed);
    CHECK(outcome.tally.of(PortState::open) == 200);
    CHECK(outcome.tally.of(PortState::filtered) < 10);
    CHECK(outcome.seconds < 2.9);
  }
}

TEST_CASE("a long path with a little loss") {
  const Outcome outcome =
      scan_one_host({.rtt = 40ms, .bottleneck = 150'000, .queue = 1000, .loss = 0.01}, PortBehaviour::closed);
  CHECK(outcome.tally.of(PortState::open) == 200);
  CHECK(outcome.tally.of(PortState::filtered) == 0);
  CHECK(outcome.seconds < 3);
}

TEST_CASE("a bottleneck is found and kept to") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const Outcome outcome =
        scan_one_host({.rtt = 40ms, .bottleneck = 20'000, .queue = 400, .seed = seed}, PortBehaviour::closed, seed);
    CHECK(outcome.tally.of(PortState::open) == 200);
    CHECK(outcome.tally.of(PortState::filtered) == 0);
    CHECK(outcome.seconds < 6);
    CHECK(outcome.sent < 65'535 * 5 / 4);
  }
}

TEST_CASE("a bottleneck is not taken for a host that limits its resets") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    ScanOptions options = options_for({kHost, kHost}, all_ports(), seed);
    options.open_only = true;
    const PathOptions path{.rtt = 40ms, .bottleneck = 20'000, .queue = 400, .seed = seed};
    const Outcome outcome = scan_over(
        path, options, [](const Endpoint& target) { return two_hundred_open(target.port, PortBehaviour::closed); });
    CHECK(outcome.summary.rst_limited_hosts == 0);
    CHECK(outcome.tally.of(PortState::open) == 200);
  }
}

TEST_CASE("one port of many hosts, a tenth of them there: no first rounds make it slow") {
  const AddressRange hosts{IpAddress::v4(0x0a000000), IpAddress::v4(0x0a00ffff)};
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    ScanOptions options = options_for(hosts, {80}, seed);
    options.rates.start = 10'000;
    options.rates.unproven = 40'000;
    const PathOptions path{.rtt = 200us, .bottleneck = 400'000, .queue = 1000, .seed = seed};
    const Outcome outcome = scan_over(path, options, [](const Endpoint& target) {
      return target.address.to_v4() * 2654435761U >> 16 < 6554 ? PortBehaviour::open : PortBehaviour::silent;
    });
    CHECK(outcome.seconds < 1.5);
  }
}

TEST_CASE("a host that answers nothing") {
  ScanOptions options = options_for({kHost, kHost}, all_ports(), 7);
  options.rates.unproven = 50'000;
  const Outcome outcome = scan_over({}, options, [](const Endpoint&) { return PortBehaviour::silent; });
  CHECK(outcome.tally.of(PortState::filtered) == 65'535);
  CHECK(outcome.seconds < 10);
}

TEST_CASE("a host that answers little") {
  const Outcome outcome = scan_one_host({.rtt = 20ms, .bottleneck = 30'000}, PortBehaviour::silent);
  CHECK(outcome.tally.of(PortState::open) == 200);
  CHECK(outcome.tally.of(PortState::filtered) == 65'335);
}

TEST_CASE("a host that limits its resets") {
  const Outcome outcome =
      scan_one_host({.rtt = 1ms, .bottleneck = 170'000, .reset_limit = 1000}, PortBehaviour::closed);
  CHECK(outcome.tally.of(PortState::open) == 200);
  CHECK(outcome.tally.of(PortState::filtered) == 0);
  CHECK(outcome.seconds < 65.5 * 1.2);
}

TEST_CASE("a host that limits its resets does not hold up who looks for open ports") {
  ScanOptions options = options_for({kHost, kHost}, all_ports(), 7);
  options.open_only = true;
  const PathOptions path{.rtt = 1ms, .bottleneck = 170'000, .queue = 1000, .reset_limit = 1000};
  const Outcome outcome = scan_over(
      path, options, [](const Endpoint& target) { return two_hundred_open(target.port, PortBehaviour::closed); });
  CHECK(outcome.tally.of(PortState::open) == 200);
  CHECK(outcome.summary.counts.filtered == 0);  // who was not answered may well be closed
  CHECK(outcome.summary.counts.unfinished > 0);
  CHECK(outcome.summary.rst_limited_hosts == 1);
  CHECK(outcome.seconds < 8);
}

TEST_CASE("one host of several limits its resets: its ports are told right, and it alone is noted and waited for") {
  const IpAddress limited = IpAddress::v4(0x0a000002);
  for (const double limit : {40.0, 100.0, 200.0, 400.0}) {
    for (const Duration rtt : {Duration(20us), Duration(1ms)}) {
      for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        CAPTURE(limit);
        CAPTURE(rtt.count());
        CAPTURE(seed);
        PathOptions path{.rtt = rtt, .bottleneck = 170'000, .reset_limit = limit};
        path.is_limited = [limited](const IpAddress& host) { return host == limited; };
        ManualClock clock;
        ScanPath network(clock, path, [](const Endpoint& target) {
          if (target.port % 100 == 0) return PortBehaviour::open;
          return target.port % 200 == 7 ? PortBehaviour::silent : PortBehaviour::closed;
        });
        std::uint64_t to_other = 0;
        network.on_probe = [&](const Probe& probe, MonotonicTime) {
          to_other += probe.target.address == kHost ? 1U : 0U;
        };
        Tally tally;
        const auto summary =
            tcp::scan::run(options_for({kHost, limited}, all_ports(1'000), seed), clock, network, tally);
        REQUIRE(summary);
        CHECK(tally.of(PortState::open) == 20);
        CHECK(tally.of(PortState::filtered) == 10);
        CHECK(tally.of(PortState::closed) == 1'970);
        CHECK(summary->rst_limited_hosts == 1);
        REQUIRE(tally.notes.size() == 1);
        CHECK(tally.notes[0].host == limited);
        CHECK(tally.notes[0].kind == HostNote::rst_limited);
        CHECK(to_other < 1'000 + 5 * 15);
        CHECK(std::chrono::duration<double>(summary->elapsed).count() < 8 + 1'000 / (0.5 * limit));
      }
    }
  }
}

TEST_CASE("a queue that never overflows is seen by its delay") {
  const Outcome outcome = scan_one_host({.rtt = 40ms, .bottleneck = 20'000, .queue = 1e6}, PortBehaviour::closed);
  CHECK(outcome.tally.of(PortState::open) == 200);
  CHECK(outcome.tally.of(PortState::filtered) == 0);
  CHECK(outcome.seconds < 6);
  CHECK(outcome.sent == 65'535);  // late is not lost
}

TEST_CASE("copies and disorder change nothing") {
  const PathOptions path{.rtt = 10ms, .loss = 0.05, .duplicated = 0.3, .jitter = 20ms};
  const Outcome outcome = scan_one_host(path, PortBehaviour::closed);
  CHECK(outcome.tally.of(PortState::open) == 200);
  CHECK(outcome.tally.of(PortState::closed) == 65'335);
  CHECK(outcome.summary.counts.duplicates > 10'000);
}

TEST_CASE("a host that answers every port is noted") {
  const ScanOptions options = options_for({kHost, kHost}, all_ports(1000), 7);
  const Outcome outcome = scan_over({}, options, [](const Endpoint&) { return PortBehaviour::open; });
  REQUIRE(outcome.tally.notes.size() == 1);
  CHECK(outcome.tally.notes[0].kind == HostNote::answers_everything);
  CHECK(outcome.tally.notes[0].value == 1000);
  CHECK(scan_one_host({}, PortBehaviour::closed).tally.notes.empty());
}

TEST_CASE("ICMP errors that are held back slow nothing, and are noted") {
  ScanOptions options = options_for({kHost, kHost}, all_ports(2000), 7);
  const Outcome outcome = scan_over({.rtt = 2ms, .icmp_limit = 50}, options, [](const Endpoint& target) {
    return target.port == 80 ? PortBehaviour::open : PortBehaviour::rejected;
  });
  CHECK(outcome.tally.of(PortState::open) == 1);
  CHECK(outcome.tally.of(PortState::filtered) == 1999);
  CHECK(outcome.seconds < 3);
  CHECK(std::ranges::count(outcome.tally.notes, HostNote::icmp_limited, &HostNote::kind) == 1);
}

TEST_CASE("a host that takes too long is given up, and unfinished, not filtered") {
  ScanOptions options = options_for({kHost, IpAddress::v4(0x0a000002)}, all_ports(1000), 7);
  options.exact_rate = 1000;
  options.timing.host_timeout = 500ms;
  const Outcome outcome = scan_over({}, options, [](const Endpoint& target) {
    return target.address == kHost ? PortBehaviour::silent : PortBehaviour::closed;
  });
  CHECK(outcome.tally.of(PortState::filtered) < 300);  // those that had all their tries
  CHECK(outcome.summary.counts.unfinished > 1000);
  CHECK(std::ranges::count(outcome.tally.notes, HostNote::host_timeout, &HostNote::kind) == 2);
  CHECK(outcome.seconds < 2);
}

TEST_CASE("more pairs than are remembered are scanned through a window") {
  ManualClock clock;
  const ScanOptions scan = options_for({kHost, kHost}, all_ports(20'000), 7);
  ScanPath network(clock, {.rtt = 5ms, .loss = 0.1}, [](const Endpoint& target) {
    return target.port % 3 == 0 ? PortBehaviour::silent : PortBehaviour::closed;
  });
  ProberOptions options;
  options.seed = 7;
  options.most_remembered = 1000;
  options.window = 4096;
  Prober prober(scan.space, *scan.technique, options, clock.now());
  std::vector<int> results(20'001);
  const auto report = [&](const PortResult& result) { ++results[result.target.port]; };
  std::vector<Probe> batch;
  while (!prober.finished(clock.now())) {
    batch.clear();
    prober.take_due(50, clock.now(), batch);
    (void)network.send(batch);
    prober.sent(batch, batch.size(), clock.now(), 0);
    const auto answers = network.receive(clock.now() + 5ms);
    for (const Answer& answer : *answers) {
      if (const AnswerWorth heard = prober.on_answer(answer); heard.result) report(*heard.result);
    }
    prober.expire(clock.now());
    prober.report_forgotten(report);
  }
  prober.conclude(report);
  CHECK(std::ranges::count(results, 1) == 20'000);
  CHECK(prober.counts().filtered >= 6'666);
  CHECK(prober.counts().filtered < 6'680);
  CHECK(prober.counts().unfinished == 0);
}

TEST_CASE("answers that this host lost make it ask again, and slower") {
  ManualClock clock;
  ScanOptions options = options_for({kHost, kHost}, all_ports(20'000), 7);
  ScanPath network(clock, {.rtt = 5ms}, [](const Endpoint&) { return PortBehaviour::silent; });
  std::uint64_t calls = 0;
  network.on_probe = [&](const Probe&, MonotonicTime) {
    if (++calls == 10'000) network.lost_answers = 5;
  };
  Tally tally;
  const auto summary = tcp::scan::run(options, clock, network, tally);
  REQUIRE(summary);
  CHECK(summary->answers_lost == 5);
  CHECK(network.sent > 20'000 * 3);  // three tries each, and more for those that may have been answered
}
