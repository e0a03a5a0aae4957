// SPDX-License-Identifier: MIT
// The ladder: what it looks like, and that nothing from the network breaks out of it.
#include <doctest/doctest.h>

#include <sstream>

#include "cmd/escaped_text.hpp"
#include "cmd/handshake_trace_record.hpp"
#include "cmd/handshake_trace_repeat.hpp"
#include "cmd/handshake_trace_syn_options.hpp"
#include "cmd/handshake_trace_text.hpp"

using namespace tcp;
using namespace tcp::cmd;
using namespace std::chrono_literals;
using trace::Party;
using trace::Role;
namespace control = tcp::packet::control;

namespace {

trace::Handshake make_handshake() {
  trace::Handshake handshake;
  handshake.tuple = {{IpAddress::v4(0xc0000201), 40000}, {IpAddress::v4(0xc0000202), 443}};
  handshake.outcome = trace::Outcome::established;
  handshake.syn_count = 1;
  const auto add = [&](Duration at, Party from, Role role, std::uint16_t bits, std::uint32_t sequence,
                       std::uint32_t acknowledgment) -> trace::Segment& {
    trace::Segment segment;
    segment.header.control_bits = bits;
    segment.header.sequence = sequence;
    segment.header.acknowledgment = acknowledgment;
    segment.header.window = 64240;
    handshake.events.push_back({WallTime(at), true, from, role, segment});
    return std::get<trace::Segment>(handshake.events.back().what);
  };
  add(0ms, Party::client, Role::syn, control::syn, 4294967290, 0).options =
      packet::linux_syn_options(1460, 4294967295, 7);
  add(10412us, Party::server, Role::syn_ack, control::syn | control::ack, 77, 4294967291).options =
      packet::linux_syn_options(1460, 4294967295, 7);
  add(10450us, Party::client, Role::ack, control::ack, 4294967291, 78);
  return handshake;
}

std::string ladder(const trace::Handshake& handshake, const Terminal& terminal) {
  const TraceTarget target{"example.org", 443, handshake.tuple.remote.address, {}};
  return render_ladder(to_record(target, handshake), terminal);
}

std::size_t widest(const std::string& text) {
  std::size_t width = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) width = std::max(width, display_width(line));
  return width;
}

}  // namespace

TEST_CASE("a ladder counts from the initial sequence numbers and says what each step is") {
  const std::string text = ladder(make_handshake(), Terminal());
  CAPTURE(text);
  CHECK(text.starts_with("192.0.2.2:443 (example.org) from 192.0.2.1:40000\n"));
  CHECK(text.find("  +0.000000 --> SYN      we ask to open a connection\n"
                  "             S 0:0(0) win 64240\n"
                  "             <mss 1460,sackOK,TS val 4294967295 ecr 0,nop,wscale 7>\n") != std::string::npos);
  CHECK(text.find("  +0.010412 <-- SYN-ACK  they accept, and ask the same of us\n"
                  "             S. 0:0(0) ack 1 win 64240\n") != std::string::npos);
  CHECK(text.find("  +0.010450 --> ACK      we confirm: the connection is open\n"
                  "             . 1:1(0) ack 1 win 64240\n") != std::string::npos);
  CHECK(text.find("  round trip      10.412 ms  (kernel timestamps of SYN and answer)\n") != std::string::npos);
}

TEST_CASE("it fits the terminal, and narrow ones too") {
  Terminal terminal;
  for (const unsigned width : {80U, 60U, 48U}) {
    terminal.width = width;
    const std::string text = ladder(make_handshake(), terminal);
    CAPTURE(text);
    CHECK(widest(text) <= width);
  }
}

TEST_CASE("a time that is our own is marked") {
  trace::Handshake handshake = make_handshake();
  handshake.events[0].kernel_time = false;
  CHECK(ladder(handshake, Terminal()).find("+0.000000~--> SYN") != std::string::npos);
}

TEST_CASE("a target's words cannot drive the terminal") {
  trace::Handshake handshake;
  handshake.failure = make_error(Errc::resolve_failed, "resolve \x1b[2J").error();
  const std::string text = render_ladder(to_record({"\x1b[2J", 443, {}, {}}, handshake), Terminal());
  CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("a notation breaks before its options, then between them, and always ends") {
  CHECK(break_notation("S 0:0(0) win 1 <mss 1,nop>", 80).size() == 1);
  CHECK(break_notation("S 0:0(0) win 1 <mss 1,nop>", 14) == std::vector<std::string>{"S 0:0(0) win 1", "<mss 1,nop>"});
  CHECK(break_notation("<aa,bb,cc>", 7) == std::vector<std::string>{"<aa,bb,", "cc>"});
  CHECK(break_notation("<" + std::string(50, 'a') + ">", 20).size() == 3);
}

TEST_CASE("events are explained by what they acknowledge, not by where they stand") {
  trace::Handshake handshake = make_handshake();
  CHECK(explain_event(handshake, 2) == "we confirm: the connection is open");
  handshake.events.push_back(handshake.events[2]);
  CHECK(explain_event(handshake, 3) == "we say again where we stand");
}

TEST_CASE("what is to be said takes the usual escapes, and nothing that only looks like one") {
  const auto bytes = parse_escaped("a\\r\\n\\t\\0\\\\\\x7f\\xFF");
  REQUIRE(bytes);
  CHECK(*bytes == std::vector<std::uint8_t>{'a', 13, 10, 9, 0, '\\', 127, 255});
  for (const char* word : {"\\", "\\q", "\\x", "\\x1", "\\x1g", "\\xg1", "\\x+1"}) CHECK_FALSE(parse_escaped(word));
  CHECK(parse_escaped("")->empty());
}

TEST_CASE("repeated handshakes are a line each, and are summed up without those that were never decided") {
  TraceSeries series({"example.org", 443, IpAddress::v4(0xc0000202), {}});
  const std::string line = render_probe(series.add(make_handshake()));
  CHECK(line == "192.0.2.2:443 #1: open, 10.412 ms, TTL 64");
  trace::Handshake lost;
  lost.outcome = trace::Outcome::filtered;
  lost.syn_count = 2;
  CHECK(render_probe(series.add(lost)) == "192.0.2.2:443 #2: no answer to 2 tries");
  lost.outcome = trace::Outcome::unreachable;  // by our own kernel, which found nobody on the link
  lost.tuple = make_handshake().tuple;
  trace::IcmpAnswer own;
  own.header.type = 3;
  own.header.code = 1;
  own.sender = lost.tuple.local.address;
  lost.events = {{WallTime(1ms), true, Party::network, Role::icmp_error, own}};
  (void)series.add(lost);
  lost.outcome = trace::Outcome::interrupted;
  (void)series.add(lost);
  const Record statistics = series.statistics();
  CHECK(statistics["sent"].text() == "3");
  CHECK(statistics["lost"].text() == "2");
  CHECK(statistics["syns"].text() == "7");
  const std::string text = render_statistics(statistics, Terminal());
  CHECK(text.find("3 sent, 1 answered, 66.7% lost\n") != std::string::npos);
  CHECK(text.find("min 10.412, median 10.412") != std::string::npos);
}

TEST_CASE("a time that may belong to either of two SYNs is a range in its line, and in no statistics") {
  trace::Handshake handshake = make_handshake();
  std::get<trace::Segment>(handshake.events[1].what).options = {};  // echoes no timestamp
  trace::HandshakeEvent again = handshake.events[0];
  again.role = Role::syn_again;
  again.time = WallTime(5ms);
  handshake.events.insert(handshake.events.begin() + 1, again);
  handshake.syn_count = 2;
  TraceSeries series({"192.0.2.2", 443, IpAddress::v4(0xc0000202), {}});
  CHECK(render_probe(series.add(handshake)).find("5.412 to 10.412 ms") != std::string::npos);
  CHECK(series.statistics()["ambiguous"].text() == "1");
  CHECK(series.statistics()["round_trips"].text() == "0");
  CHECK(series.statistics()["min_us"].is_null());
}
