// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <numeric>
#include <set>

#include "tests/unit/scan_script.hpp"

using namespace scripted;
using namespace std::chrono_literals;

namespace {

ScanOptions options_for(std::vector<std::uint16_t> ports, const char* target = "10.0.0.1") {
  const IpAddress address = *parse_ip_address(target);
  ScanOptions options;
  options.space = *ProbeSpace::make(*TargetSet::make({{address, address}}), std::move(ports));
  options.technique = find_technique("syn");
  options.timing.retries = 3;
  options.exact_rate = 10'000;
  options.seed = 7;
  return options;
}

std::vector<std::uint16_t> ports_to(std::uint16_t last) {
  std::vector<std::uint16_t> ports(last);
  std::iota(ports.begin(), ports.end(), std::uint16_t{1});
  return ports;
}

struct Outcome {
  ScanSummary summary;
  Results results;
  std::vector<Sent> sent;
};

Outcome scan_with(const ScanOptions& options, const ScriptedNetwork::Script& script) {
  ManualClock clock;
  ScriptedNetwork network(clock, script);
  Results results;
  auto summary = tcp::scan::run(options, clock, network, results);
  REQUIRE(summary);
  return {*summary, results, network.sent};
}

packet::IcmpHeader unreachable(std::uint8_t code) { return {Family::v4, 3, code, 0, 0}; }

}  // namespace

TEST_CASE("SYN-ACK, RST, ICMP and silence are told apart, with the reason") {
  const auto [summary, results, sent] =
      scan_with(options_for({1, 2, 3, 4}), [](ScriptedNetwork& network, const Probe& probe) {
        if (probe.target.port == 1) network.answer(probe, AnswerKind::syn_ack, 5ms).time_to_live = 60;
        if (probe.target.port == 2) network.answer(probe, AnswerKind::rst, 5ms);
        if (probe.target.port == 3) {
          Answer& answer = network.answer(probe, AnswerKind::icmp, 5ms);
          answer.icmp = unreachable(13);
          answer.sender = IpAddress::v4(0x0a0000fe);
        }
      });
  CHECK(results.all.size() == 4);
  CHECK(results.of(1)->state == PortState::open);
  CHECK(results.of(1)->reason == Reason::syn_ack);
  CHECK(*results.of(1)->rtt == 5ms);
  CHECK(*results.of(1)->time_to_live == 60);
  CHECK(results.of(2)->state == PortState::closed);
  CHECK(explain(*results.of(2)) == "rst");
  CHECK(results.of(3)->state == PortState::filtered);
  CHECK(results.of(3)->reason == Reason::icmp);
  CHECK(*results.of(3)->icmp_sender == IpAddress::v4(0x0a0000fe));
  CHECK(results.of(4)->state == PortState::filtered);
  CHECK(explain(*results.of(4)) == "no answer to 4 probes");
  CHECK(summary.complete);
  CHECK(summary.counts.open == 1);
  CHECK(summary.counts.closed == 1);
  CHECK(summary.counts.filtered == 2);
  CHECK(*summary.counts.loss() == 0.0);
  CHECK(sent.size() == 3 + 4);
}

TEST_CASE("loss, and the confidence that follows from it, is measured or unknown") {
  const auto answer_odd = [](ScriptedNetwork& network, const Probe& probe) {
    if (probe.target.port % 2 == 1) network.answer(probe, AnswerKind::rst, 5ms);
  };
  const auto never = [](ScriptedNetwork&, const Probe&) {};
  ScanOptions options = options_for(ports_to(100));
  const ScanSummary measured = scan_with(options, answer_odd).summary;
  CHECK(*measured.loss == 0.0);
  CHECK(*measured.confidence > 0.99);
  const ScanSummary silent = scan_with(options, never).summary;
  CHECK_FALSE(silent.loss);
  CHECK_FALSE(silent.confidence);
  options.timing.retries = 0;  // a lost try would be the only one
  const ScanSummary once = scan_with(options, answer_odd).summary;
  CHECK(once.counts.filtered == 50);
  CHECK_FALSE(once.loss);
  CHECK_FALSE(once.confidence);
}

TEST_CASE("only the silent are tried again, spaced by a timeout that follows the RTT") {
  ManualClock clock;
  ScriptedNetwork network(clock, [](ScriptedNetwork& n, const Probe& probe) {
    if (probe.target.port == 1) n.answer(probe, AnswerKind::rst, 1ms);
  });
  Results results;
  REQUIRE(tcp::scan::run(options_for({1, 2}), clock, network, results));
  CHECK(network.tries_of(1).size() == 1);
  const auto tries = network.tries_of(2);
  REQUIRE(tries.size() == 4);
  // The RTT of 1 ms gives the floor of 100 ms; each later wait is longer by up to a half, so that they spread.
  for (std::uint8_t i = 0; i < 4; ++i) CHECK(tries[i].probe.attempt == i);
  for (std::size_t i = 1; i < 4; ++i) {
    CHECK(tries[i].time - tries[i - 1].time >= 100ms);
    CHECK(tries[i].time - tries[i - 1].time < 170ms);
  }
}

TEST_CASE("where answers are known to come soon the first retries are early, and the last as late as ever") {
  ManualClock clock;
  ScriptedNetwork network(clock, [](ScriptedNetwork& n, const Probe& probe) {
    if (probe.target.port <= 2000) n.answer(probe, AnswerKind::rst, 1ms);
  });
  Results results;
  ScanOptions options = options_for(ports_to(2010));
  options.timing.retries = 5;
  REQUIRE(tcp::scan::run(options, clock, network, results));
  auto tries = network.tries_of(2001);
  for (std::uint16_t port = 2002; port <= 2010; ++port) {  // the one that was asked last, when much was known
    if (network.tries_of(port)[0].time > tries[0].time) tries = network.tries_of(port);
  }
  REQUIRE(tries.size() == 6);
  CHECK(tries[1].time - tries[0].time >= 25ms);
  CHECK(tries[1].time - tries[0].time < 30ms);
  CHECK(tries[2].time - tries[1].time < 60ms);
  CHECK(tries[3].time - tries[2].time < 90ms);
  CHECK(tries[5].time - tries[0].time >= 500ms);  // five times the floor of 100 ms: an outage is outlasted as before
}

TEST_CASE("without any answer later tries follow sooner than the first timeout, and the scan ends") {
  ManualClock clock;
  ScriptedNetwork network(clock, [](ScriptedNetwork&, const Probe&) {});
  Results results;
  const auto summary = tcp::scan::run(options_for(ports_to(50)), clock, network, results);
  CHECK(results.count(PortState::filtered) == 50);
  CHECK(network.sent.size() == 200);
  const auto tries = network.tries_of(1);
  CHECK(tries[1].time - tries[0].time >= 1s);  // RFC 6298 before a sample
  for (std::size_t i = 2; i < 4; ++i) {
    CHECK(tries[i].time - tries[i - 1].time >= 500ms);
    CHECK(tries[i].time - tries[i - 1].time < 800ms);
  }
  CHECK(summary->elapsed >= 3300ms);  // so long it takes a router to say that there is no such host
  CHECK(summary->elapsed < 3400ms);
  CHECK_FALSE(summary->counts.loss());
}

TEST_CASE("loss of the first tries changes no state and is measured") {
  const auto [summary, results, sent] =
      scan_with(options_for(ports_to(1000)), [](ScriptedNetwork& network, const Probe& probe) {
        const bool lost = probe.target.port % 5 == 0 && probe.attempt < 2;
        if (!lost) network.answer(probe, probe.target.port <= 100 ? AnswerKind::syn_ack : AnswerKind::rst, 20ms);
      });
  CHECK(results.count(PortState::open) == 100);
  CHECK(results.count(PortState::closed) == 900);
  CHECK(summary.counts.retransmissions == 400);
  CHECK(*summary.counts.loss() == doctest::Approx(400.0 / 1400.0));
  CHECK(results.of(5)->probes_sent == 3);
  CHECK(*results.of(5)->rtt == 20ms);
}

TEST_CASE("every pair is probed once when all answer, in no order of the ports") {
  const auto [summary, results, sent] =
      scan_with(options_for(ports_to(2000)),
                [](ScriptedNetwork& network, const Probe& probe) { network.answer(probe, AnswerKind::rst, 1ms); });
  std::set<std::uint16_t> ports;
  std::size_t ascending = 0;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    ports.insert(sent[i].probe.target.port);
    if (i > 0 && sent[i].probe.target.port == sent[i - 1].probe.target.port + 1) ++ascending;
  }
  CHECK(sent.size() == 2000);
  CHECK(ports.size() == 2000);
  CHECK(ascending < 20);
}

TEST_CASE("answers in any order and in copies make one result each") {
  const auto [summary, results, sent] =
      scan_with(options_for(ports_to(300)), [](ScriptedNetwork& network, const Probe& probe) {
        for (int copy = 0; copy < 3; ++copy) {
          network.answer(probe, AnswerKind::syn_ack,
                         std::chrono::milliseconds(1 + (probe.target.port * 37 + copy * 11) % 90));
        }
        network.answer(probe, AnswerKind::rst, 95ms);  // too late to change anything
      });
  CHECK(results.all.size() == 300);
  CHECK(results.count(PortState::open) == 300);
  CHECK(summary.counts.duplicates > 0);
}

TEST_CASE("an answer to an earlier try that was slow counts, and shows its own RTT") {
  const auto [summary, results, sent] = scan_with(options_for({1}), [](ScriptedNetwork& network, const Probe& probe) {
    if (probe.attempt == 0) network.answer(probe, AnswerKind::syn_ack, 1500ms);
  });
  CHECK(results.of(1)->state == PortState::open);
  CHECK(*results.of(1)->rtt == 1500ms);
  CHECK(results.of(1)->probes_sent == 2);
}

TEST_CASE("an answer after the last timeout still turns filtered into the truth") {
  ScanOptions options = options_for({1, 2});
  options.timing.retries = 0;
  const auto [summary, results, sent] = scan_with(options, [](ScriptedNetwork& network, const Probe& probe) {
    network.answer(probe, AnswerKind::rst, probe.target.port == 1 ? 100ms : 1150ms);
  });
  CHECK(results.count(PortState::closed) == 1);  // 300 ms after the last probe is over before its timeout of 1 s is
  options.timing.rto = {100ms, 100ms, 100ms};
  const auto late = scan_with(options, [](ScriptedNetwork& network, const Probe& probe) {
    network.answer(probe, AnswerKind::rst, probe.target.port == 1 ? 50ms : 250ms);
  });
  CHECK(late.results.count(PortState::closed) == 2);
  CHECK(late.results.all.size() == 2);
}

TEST_CASE("a network that fails in the middle ends the scan, and what was silent till then is not called filtered") {
  ManualClock clock;
  ScriptedNetwork network(clock, [&](ScriptedNetwork& n, const Probe& probe) {
    if (probe.target.port % 2 == 1) n.answer(probe, AnswerKind::rst, 5ms);
  });
  network.fails_at = clock.now() + 250ms;  // silent ports have had a try or two of four
  Results results;
  const auto summary = tcp::scan::run(options_for(ports_to(5000)), clock, network, results);
  REQUIRE_FALSE(summary);
  CHECK(results.count(PortState::closed) > 0);
  CHECK(results.count(PortState::filtered) == 0);
}

TEST_CASE("an answer that seems to be older than its probe has no negative RTT and ends nothing early") {
  const auto [summary, results, sent] =
      scan_with(options_for(ports_to(400)), [](ScriptedNetwork& network, const Probe& probe) {
        Answer& answer = network.answer(probe, AnswerKind::rst, 20ms);
        if (probe.target.port % 4 == 0) answer.received -= 20ms + (probe.target.port % 8 == 0 ? 1h : Duration(1ms));
      });
  CHECK(summary.complete);
  CHECK(results.count(PortState::closed) == 400);
  for (const PortResult& result : results.all) {
    REQUIRE(result.rtt);
    CHECK(*result.rtt >= Duration(0));
    CHECK(*result.rtt <= 20ms);
  }
}

TEST_CASE("answers to what was never sent change nothing") {
  const auto [summary, results, sent] =
      scan_with(options_for({1, 2}), [](ScriptedNetwork& network, const Probe& probe) {
        Probe other = probe;
        other.target.port = 3;
        network.answer(other, AnswerKind::syn_ack, 1ms);
        other = probe;
        other.target.address = IpAddress::v4(0x0a000002);
        network.answer(other, AnswerKind::syn_ack, 1ms);
        other = probe;
        other.attempt = static_cast<std::uint8_t>(probe.attempt + 1);
        network.answer(other, AnswerKind::syn_ack, 1ms);
      });
  CHECK(results.count(PortState::filtered) == 2);
  CHECK(summary.counts.unasked == 8 * 3);
}

TEST_CASE("an ICMP error that says nothing about the port leaves it to silence") {
  const auto [summary, results, sent] = scan_with(options_for({1}), [](ScriptedNetwork& network, const Probe& probe) {
    network.answer(probe, AnswerKind::icmp, 1ms).icmp = {Family::v4, 11, 0, 0, 0};
    network.answer(probe, AnswerKind::icmp, 1ms).icmp = {Family::v4, 3, 4, 0, 1400};
  });
  CHECK(results.all.size() == 1);
}

TEST_CASE("a host that reports another host unreachable does not lend it its RTT") {
  ManualClock clock;
  ScriptedNetwork network(clock, [](ScriptedNetwork& n, const Probe& probe) {
    if (probe.target.port != 1) return;
    Answer& answer = n.answer(probe, AnswerKind::icmp, 2ms);
    answer.icmp = unreachable(1);
    answer.sender = IpAddress::v4(0x0a0000fe);
  });
  Results results;
  const auto summary = tcp::scan::run(options_for({1, 2}), clock, network, results);
  CHECK_FALSE(summary->longest_rtt);
  CHECK(network.tries_of(2)[1].time - network.tries_of(2)[0].time >= 1s);
}

TEST_CASE("a probe that could not be sent is an error, never filtered") {
  const auto [summary, results, sent] = scan_with(options_for({1}), [](ScriptedNetwork& network, const Probe& probe) {
    network.answer(probe, AnswerKind::not_sent, 0ms).error_number = ENETUNREACH;
  });
  CHECK(results.of(1)->state == PortState::error);
  CHECK(explain(*results.of(1)) == "send to 10.0.0.1:1: Network is unreachable");
  CHECK(summary.counts.errors == 1);
  CHECK(sent.size() == 1);
  CHECK_FALSE(summary.counts.loss());
}

TEST_CASE("a full network delays probes and loses none") {
  ManualClock clock;
  ScriptedNetwork network(clock, [](ScriptedNetwork& n, const Probe& probe) { n.answer(probe, AnswerKind::rst, 2ms); });
  network.room = 3;
  Results results;
  const auto summary = tcp::scan::run(options_for(ports_to(500)), clock, network, results);
  CHECK(results.count(PortState::closed) == 500);
  CHECK(summary->counts.probes_sent == 500);
}

TEST_CASE("a network that never takes anything ends the scan with an error") {
  ManualClock clock;
  ScriptedNetwork network(clock, [](ScriptedNetwork&, const Probe&) {});
  network.room = 0;
  Results results;
  const auto summary = tcp::scan::run(options_for({1}), clock, network, results);
  REQUIRE_FALSE(summary);
  CHECK(summary.error().message() == "send probes: the send queue stays full");
}

TEST_CASE("the pace is that of the rate, retransmissions included") {
  ManualClock clock;
  ScriptedNetwork network(clock, [](ScriptedNetwork&, const Probe&) {});
  Results results;
  ScanOptions options = options_for(ports_to(400));
  options.exact_rate = 100;
  REQUIRE(tcp::scan::run(options, clock, network, results));
  REQUIRE(network.sent.size() == 1600);
  for (std::size_t i = 100; i < network.sent.size(); ++i) {
    REQUIRE(network.sent[i].time - network.sent[i - 100].time >= 980ms);
  }
}

TEST_CASE("a slow scan sleeps between its probes, also when nothing is awaited") {
  ManualClock clock;
  ScriptedNetwork network(clock, [](ScriptedNetwork& n, const Probe& probe) { n.answer(probe, AnswerKind::rst, 1ms); });
  Results results;
  ScanOptions options = options_for(ports_to(20));
  options.exact_rate = 1;
  REQUIRE(tcp::scan::run(options, clock, network, results));
  CHECK(results.count(PortState::closed) == 20);
  CHECK(network.receives < 20 * 15);  // a look at the stop flag each 100 ms, and the answers
}

TEST_CASE("a stop sends nothing more and reports what is known") {
  ManualClock clock;
  ScriptedNetwork network(clock, [](ScriptedNetwork& n, const Probe& probe) {
    if (probe.target.port % 2 == 0) n.answer(probe, AnswerKind::syn_ack, 1ms);
  });
  Results results;
  results.stop_after = 100;
  ScanOptions options = options_for(ports_to(5000));
  options.exact_rate = 1000;
  const auto summary = tcp::scan::run(options, clock, network, results);
  REQUIRE(summary);
  CHECK_FALSE(summary->complete);
  CHECK(network.sent.size() < 600);
  for (const PortResult& result : results.all) {
    CHECK((result.state == PortState::open || result.probes_sent == 4));  // fewer are not enough to say so
  }
  CHECK(summary->counts.unfinished == 5000 - results.all.size());
  CHECK(summary->elapsed < 2s);
}
