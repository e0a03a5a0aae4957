// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "libtcp/packet/tcp_header.hpp"
#include "libtcp/scan/technique.hpp"
#include "tests/unit/scan_script.hpp"

using namespace scripted;
using namespace std::chrono_literals;
namespace control = tcp::packet::control;

namespace {

Answer rst_with_window(std::uint16_t window) {
  Answer answer;
  answer.kind = AnswerKind::rst;
  answer.window = window;
  return answer;
}

Answer unreachable(std::uint8_t type, std::uint8_t code) {
  Answer answer;
  answer.kind = AnswerKind::icmp;
  answer.icmp = {Family::v4, type, code, 0, 0};
  return answer;
}

std::optional<PortState> state(const char* technique, const Answer& answer) {
  const auto verdict = find_technique(technique)->classify(answer);
  return verdict ? std::optional(verdict->state) : std::nullopt;
}

}  // namespace

TEST_CASE("what an RST means depends on what it answers") {
  for (const char* name : {"syn", "connect", "fin", "null", "xmas", "maimon"}) {
    CHECK_MESSAGE(state(name, rst_with_window(0)) == PortState::closed, name);
  }
  CHECK(state("ack", rst_with_window(0)) == PortState::unfiltered);
  CHECK(state("ack", rst_with_window(512)) == PortState::unfiltered);
  CHECK(state("window", rst_with_window(0)) == PortState::closed);
  CHECK(state("window", rst_with_window(512)) == PortState::open);
}

TEST_CASE("what silence means depends on what would have answered") {
  for (const char* name : {"fin", "null", "xmas", "maimon"}) {
    CHECK_MESSAGE(find_technique(name)->silence.state == PortState::open_filtered, name);
  }
  for (const char* name : {"syn", "connect", "ack", "window"}) {
    CHECK_MESSAGE(find_technique(name)->silence.state == PortState::filtered, name);
  }
}

TEST_CASE("an ICMP error is about the way, whatever was sent; a SYN-ACK answers a SYN only") {
  Answer syn_ack;
  syn_ack.kind = AnswerKind::syn_ack;
  Answer not_sent;
  not_sent.kind = AnswerKind::not_sent;
  for (const Technique& technique : techniques()) {
    const char* name = technique.name.data();
    CHECK_MESSAGE(state(name, unreachable(3, 13)) == PortState::filtered, name);
    CHECK_MESSAGE(state(name, unreachable(11, 0)) == std::nullopt, name);
    CHECK_MESSAGE(state(name, not_sent) == PortState::error, name);
    const bool sends_syn = technique.name == "syn" || technique.name == "connect";
    CHECK_MESSAGE(state(name, syn_ack) == (sends_syn ? std::optional(PortState::open) : std::nullopt), name);
  }
}

TEST_CASE("the table names each technique once, with the bits it sends") {
  CHECK(find_technique("xmas")->control_bits == (control::fin | control::psh | control::urg));
  CHECK(find_technique("maimon")->control_bits == (control::fin | control::ack));
  CHECK(find_technique("null")->control_bits == 0);
  CHECK(find_technique("udp") == nullptr);
  CHECK(technique_names() == "auto, syn, connect, fin, null, xmas, maimon, ack, window");
}

TEST_CASE("the bits of a probe decide how its answers are read") {
  CHECK(technique_for(control::syn | control::ece | control::cwr)->name == "syn");
  CHECK(technique_for(control::syn | control::fin)->name == "syn");
  CHECK(technique_for(control::syn | control::ack)->name == "ack");
  CHECK(technique_for(control::psh)->name == "null");
  CHECK(technique_for(0)->name == "null");
  CHECK(technique_for(control::rst | control::syn) == nullptr);
}

TEST_CASE("a scan with FIN: silence may be an open port, and says so") {
  ManualClock clock;
  ScriptedNetwork network(clock, [](ScriptedNetwork& self, const Probe& probe) {
    if (probe.target.port == 1) self.answer(probe, AnswerKind::rst, 5ms);
  });
  const IpAddress address = *parse_ip_address("10.0.0.1");
  ScanOptions options;
  options.space = *ProbeSpace::make(*TargetSet::make({{address, address}}), {1, 2});
  options.technique = find_technique("fin");
  options.timing.retries = 3;
  options.exact_rate = 10'000;
  Results results;
  const auto summary = tcp::scan::run(options, clock, network, results);
  REQUIRE(summary);
  CHECK(results.of(1)->state == PortState::closed);
  CHECK(results.of(2)->state == PortState::open_filtered);
  CHECK(explain(*results.of(2)) == "no answer to 4 probes");
  CHECK(summary->counts.open_filtered == 1);
  CHECK(summary->counts.filtered == 0);
  CHECK(to_string(PortState::open_filtered) == "open|filtered");
}
