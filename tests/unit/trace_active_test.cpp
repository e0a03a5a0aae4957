// SPDX-License-Identifier: MIT
// The state machine, driven by a scripted peer and a clock that is moved by hand.
#include <doctest/doctest.h>

#include "libtcp/packet/tcp_header.hpp"
#include "libtcp/trace/active.hpp"

using namespace tcp;
using namespace tcp::trace;
using namespace std::chrono_literals;
namespace control = tcp::packet::control;

namespace {

constexpr std::uint32_t kOurIsn = 0xfffffffe;  // so that the sequence numbers wrap around at once
constexpr std::uint32_t kTheirIsn = 0xffffffff;

struct Script {
  Script() : Script(make_options()) {}
  explicit Script(const ActiveOptions& options) : machine(options, now) {}

  static ActiveOptions make_options() {
    ActiveOptions options;
    options.tuple = {{IpAddress::v4(0xc0000201), 40000}, {IpAddress::v4(0xc0000202), 443}};
    options.initial_sequence = kOurIsn;
    options.timestamp_base = 1000;
    options.first_identification = 0xffff;
    return options;
  }

  static Segment theirs(std::uint16_t bits, std::uint32_t sequence, std::uint32_t acknowledgment,
                        std::uint32_t payload = 0) {
    Segment segment;
    segment.header.source_port = 443;
    segment.header.destination_port = 40000;
    segment.header.control_bits = bits;
    segment.header.sequence = sequence;
    segment.header.acknowledgment = acknowledgment;
    segment.payload_length = payload;
    return segment;
  }

  Role receive(std::uint16_t bits, std::uint32_t sequence, std::uint32_t acknowledgment, std::uint32_t payload = 0) {
    return machine.on_segment(theirs(bits, sequence, acknowledgment, payload), now);
  }
  Role receive_syn_ack() {
    Segment segment = theirs(control::syn | control::ack, kTheirIsn, kOurIsn + 1);
    segment.options = packet::linux_syn_options(1400, 77, 9);
    return machine.on_segment(segment, now);
  }
  // The letters of what was sent, one word a segment.
  std::string sent() {
    std::string words;
    last.clear();
    for (Outgoing& outgoing : machine.take_outgoing()) {
      std::string letters;
      if (outgoing.segment.header.has(control::syn)) letters += 'S';
      if (outgoing.segment.header.has(control::fin)) letters += 'F';
      if (outgoing.segment.header.has(control::rst)) letters += 'R';
      if (outgoing.segment.header.has(control::ack)) letters += '.';
      words += (words.empty() ? "" : " ") + letters;
      last.push_back(outgoing);
    }
    return words;
  }
  void pass(Duration duration) {
    now += duration;
    machine.on_deadline(now);
  }
  void open() {
    (void)sent();
    pass(10ms);
    REQUIRE(receive_syn_ack() == Role::syn_ack);
    REQUIRE(sent() == ". F.");
  }
  // Ends the hold and checks that nothing is left to do.
  void check_ends() {
    pass(2s);
    CHECK(machine.finished());
    CHECK(sent().empty());
    CHECK(machine.deadline() == MonotonicTime::max());
  }

  MonotonicTime now{1000s};
  ActiveHandshake machine;
  std::vector<Outgoing> last;
};

}  // namespace

TEST_CASE("the SYN is Linux's") {
  Script script;
  CHECK(script.sent() == "S");
  const Segment& syn = script.last.front().segment;
  CHECK(script.last.front().role == Role::syn);
  CHECK(syn.header.sequence == kOurIsn);
  CHECK(syn.header.acknowledgment == 0);
  CHECK(syn.header.window == 64240);
  CHECK(syn.identification == 0xffff);
  CHECK(syn.time_to_live == 64);
  CHECK(syn.dont_fragment);
  CHECK(syn.options == packet::linux_syn_options(1460, 1000, 7));
}

TEST_CASE("an IPv6 SYN has a flow label and no identification") {
  ActiveOptions options = Script::make_options();
  options.tuple = {{IpAddress::loopback(Family::v6), 40000}, {IpAddress::loopback(Family::v6), 443}};
  options.flow_label = 0xabcde;
  Script script(options);
  (void)script.sent();
  CHECK(script.last.front().segment.flow_label == 0xabcde);
  CHECK(script.last.front().segment.identification == 0);
}

TEST_CASE("it opens, closes with FIN both ways, and sends no RST") {
  Script script;
  (void)script.sent();
  script.pass(10ms);
  CHECK(script.receive_syn_ack() == Role::syn_ack);
  CHECK(script.machine.outcome() == Outcome::established);
  CHECK(script.sent() == ". F.");
  const Segment& ack = script.last[0].segment;
  const Segment& fin = script.last[1].segment;
  CHECK(ack.header.sequence == kOurIsn + 1);
  CHECK(ack.header.acknowledgment == kTheirIsn + 1);
  CHECK(ack.header.window == 502);  // 64240 at a scale of 7
  CHECK(ack.options.find<packet::Timestamps>()->value == 1010);
  CHECK(ack.options.find<packet::Timestamps>()->echo_reply == 77);
  CHECK(ack.identification == 1);  // never zero
  CHECK(fin.header.sequence == kOurIsn + 1);
  CHECK(script.receive(control::ack, kTheirIsn + 1, kOurIsn + 2) == Role::ack);
  CHECK(script.machine.state() == TcpState::fin_wait_2);
  CHECK(script.receive(control::fin | control::ack, kTheirIsn + 1, kOurIsn + 2) == Role::fin);
  CHECK(script.sent() == ".");
  CHECK(script.last[0].segment.header.sequence == kOurIsn + 2);
  CHECK(script.last[0].segment.header.acknowledgment == kTheirIsn + 2);
  CHECK(script.machine.closing() == Closing::orderly);
  CHECK_FALSE(script.machine.finished());  // the port is held for late segments
  CHECK(script.receive(control::fin | control::ack, kTheirIsn + 1, kOurIsn + 2) == Role::fin_again);
  CHECK(script.sent() == ".");
  script.check_ends();
}

TEST_CASE("SYNs are sent again on the kernel's schedule") {
  Duration total{};
  std::vector<int> seconds{0};
  for (unsigned number = 1; number <= 8; ++number) {
    total += syn_timeout(number, 4);
    seconds.push_back(static_cast<int>(total / 1s));
  }
  CHECK(seconds == std::vector<int>{0, 1, 2, 3, 4, 5, 7, 11, 19});
  CHECK(syn_timeout(2, 0) == 2s);
  CHECK(syn_timeout(4'000'000'000, 4) == 120s);
}

TEST_CASE("silence is filtered, after the retries or the timeout, whichever comes first") {
  ActiveOptions options = Script::make_options();
  SUBCASE("retries") { options.syn_retries = 3; }
  SUBCASE("timeout") { options.timeout = 3500ms; }
  Script script(options);
  std::string all = script.sent();
  for (int i = 0; i < 40 && script.machine.state() != TcpState::closed; ++i) {
    script.pass(100ms);
    all += script.sent();
  }
  CHECK(all == "SSSS");
  CHECK(script.machine.syn_count() == 4);
  CHECK(script.machine.outcome() == Outcome::filtered);
  script.check_ends();
}

TEST_CASE("each SYN carries its own timestamp, so that the answer can name it") {
  Script script;
  (void)script.sent();
  script.pass(1s);
  CHECK(script.sent() == "S");
  CHECK(script.last[0].role == Role::syn_again);
  CHECK(script.last[0].segment.header.sequence == kOurIsn);
  CHECK(script.last[0].segment.options.find<packet::Timestamps>()->value == 2000);
}

TEST_CASE("an RST that acknowledges the SYN refuses; any other does not") {
  Script script;
  (void)script.sent();
  CHECK(script.receive(control::rst, 5, 0) == Role::unexpected);
  CHECK(script.receive(control::rst | control::ack, 0, kOurIsn) == Role::wrong_ack);
  CHECK(script.machine.state() == TcpState::syn_sent);
  CHECK(script.receive(control::rst | control::ack, 0, kOurIsn + 1) == Role::reset);
  CHECK(script.machine.outcome() == Outcome::refused);
  CHECK(script.sent().empty());
  script.check_ends();
}

TEST_CASE("an acceptance behind the refusal is reset by us, not by the kernel") {
  Script script;
  (void)script.sent();
  (void)script.receive(control::rst | control::ack, 0, kOurIsn + 1);
  CHECK(script.receive_syn_ack() == Role::late_syn_ack);
  CHECK(script.sent() == "R");
  CHECK(script.last[0].segment.header.sequence == kOurIsn + 1);
  CHECK(script.machine.outcome() == Outcome::refused);
  script.check_ends();
}

TEST_CASE("a SYN-ACK for another SYN is reset and waited out") {
  Script script;
  (void)script.sent();
  CHECK(script.receive(control::syn | control::ack, kTheirIsn, kOurIsn + 2) == Role::wrong_ack);
  CHECK(script.sent() == "R");
  CHECK(script.last[0].segment.header.sequence == kOurIsn + 2);
  CHECK(script.machine.state() == TcpState::syn_sent);
  for (int i = 0; i < 1000; ++i) (void)script.receive(control::syn | control::ack, kTheirIsn, 12345);
  CHECK(script.machine.take_outgoing().size() < 5);  // never a reflector
  CHECK(script.receive_syn_ack() == Role::syn_ack);
  CHECK(script.sent() == ". F.");  // and the right one is still acknowledged
}

TEST_CASE("ICMP errors that quote our SYN end it, others are noted") {
  Script script;
  (void)script.sent();
  IcmpAnswer answer;
  answer.header.type = 3;
  answer.header.code = 13;
  answer.quoted_sequence = kOurIsn + 5;
  CHECK(script.machine.on_icmp(answer, script.now) == Role::unexpected);
  answer.quoted_sequence = kOurIsn;
  answer.header.code = 4;
  CHECK(script.machine.on_icmp(answer, script.now) == Role::icmp_notice);
  CHECK(script.machine.state() == TcpState::syn_sent);
  answer.header.code = 13;
  CHECK(script.machine.on_icmp(answer, script.now) == Role::icmp_error);
  CHECK(script.machine.outcome() == Outcome::unreachable);
  script.check_ends();
}

TEST_CASE("an ICMP error cannot undo an established connection") {
  Script script;
  script.open();
  IcmpAnswer answer;
  answer.header.type = 3;
  answer.header.code = 1;
  answer.quoted_sequence = kOurIsn + 1;
  CHECK(script.machine.on_icmp(answer, script.now) == Role::icmp_notice);
  CHECK(script.machine.outcome() == Outcome::established);
}

TEST_CASE("simultaneous open") {
  Script script;
  (void)script.sent();
  Segment syn = Script::theirs(control::syn, kTheirIsn, 0);
  syn.options = packet::linux_syn_options(1460, 5, 7);
  CHECK(script.machine.on_segment(syn, script.now) == Role::peer_syn);
  CHECK(script.sent() == "S.");
  CHECK(script.last[0].segment.header.sequence == kOurIsn);
  CHECK(script.last[0].segment.header.acknowledgment == kTheirIsn + 1);
  CHECK(script.machine.outcome() != Outcome::established);
  SUBCASE("their SYN-ACK crosses ours") {
    CHECK(script.receive_syn_ack() == Role::syn_ack);
    CHECK(script.sent() == ". F.");
  }
  SUBCASE("they acknowledge ours") {
    CHECK(script.receive(control::ack, kTheirIsn + 1, kOurIsn + 1) == Role::ack);
    CHECK(script.sent() == "F.");
  }
  CHECK(script.machine.outcome() == Outcome::established);
  CHECK(script.machine.simultaneous_open());
}

TEST_CASE("a simultaneous open that is never acknowledged is incomplete, and reset") {
  Script script;
  (void)script.sent();
  (void)script.receive(control::syn, kTheirIsn, 0);
  CHECK(script.sent() == "S.");
  CHECK(script.receive(control::ack, kTheirIsn + 1, kOurIsn + 7) == Role::wrong_ack);
  std::string all = script.sent();
  for (int i = 0; i < 60; ++i) {
    script.pass(100ms);
    all += script.sent();
  }
  CHECK(all == "RS.S.S.S.R.");
  CHECK(script.machine.outcome() == Outcome::incomplete);
  CHECK(script.machine.finished());
}

TEST_CASE("a repeated SYN-ACK is acknowledged again") {
  Script script;
  script.open();
  CHECK(script.receive_syn_ack() == Role::syn_ack_again);
  CHECK(script.sent() == ".");
  CHECK(script.receive(control::syn | control::ack, kTheirIsn + 9, kOurIsn + 1) == Role::unexpected);
  CHECK(script.machine.outcome() == Outcome::established);
}

TEST_CASE("what the server says first is acknowledged and counted once") {
  Script script;
  script.open();
  CHECK(script.receive(control::ack | control::psh, kTheirIsn + 1, kOurIsn + 1, 20) == Role::data);
  CHECK(script.sent() == ".");
  CHECK(script.last[0].segment.header.acknowledgment == kTheirIsn + 21);
  CHECK(script.receive(control::ack | control::psh, kTheirIsn + 1, kOurIsn + 1, 20) == Role::old_duplicate);
  CHECK(script.sent() == ".");
  CHECK(script.receive(control::ack, kTheirIsn + 31, kOurIsn + 2, 10) == Role::data);  // a gap before it
  CHECK(script.sent() == ".");
  CHECK(script.last[0].segment.header.acknowledgment == kTheirIsn + 21);
  CHECK(script.machine.bytes_received() == 20);
  CHECK(script.receive(control::ack, kTheirIsn + 11, kOurIsn + 2, 20) == Role::data);  // half of it is new
  CHECK(script.machine.bytes_received() == 30);
  CHECK(script.receive(control::fin | control::ack, kTheirIsn + 31, kOurIsn + 2, 10) == Role::fin);
  CHECK(script.sent() == ". .");
  CHECK(script.last[1].segment.header.acknowledgment == kTheirIsn + 42);
  CHECK(script.machine.bytes_received() == 40);
  CHECK(script.machine.closing() == Closing::orderly);
}

TEST_CASE("the peer's FIN may come before the acknowledgment of ours") {
  Script script;
  script.open();
  CHECK(script.receive(control::fin | control::ack, kTheirIsn + 1, kOurIsn + 1) == Role::fin);
  CHECK(script.machine.state() == TcpState::closing);
  CHECK(script.sent() == ".");
  CHECK(script.machine.closing() == Closing::none);
  CHECK(script.receive(control::ack, kTheirIsn + 2, kOurIsn + 2) == Role::ack);
  CHECK(script.machine.closing() == Closing::orderly);
  script.check_ends();
}

TEST_CASE("a lost FIN is sent again") {
  Script script;
  script.open();
  script.pass(150ms);
  CHECK(script.sent().empty());
  script.pass(50ms);
  CHECK(script.sent() == "F.");
  CHECK(script.last[0].role == Role::fin_again);
  script.pass(300ms);
  CHECK(script.sent().empty());
  script.pass(100ms);
  CHECK(script.sent() == "F.");
  CHECK(script.receive(control::fin | control::ack, kTheirIsn + 1, kOurIsn + 2) == Role::fin);
  CHECK(script.sent() == ".");
  CHECK(script.machine.closing() == Closing::orderly);
}

TEST_CASE("a peer that does not close is reset in the end") {
  Script script;
  script.open();
  (void)script.receive(control::ack, kTheirIsn + 1, kOurIsn + 2);
  script.pass(2999ms);
  CHECK(script.sent().empty());
  script.pass(1ms);
  CHECK(script.sent() == "R.");
  CHECK(script.last[0].segment.header.sequence == kOurIsn + 2);
  CHECK(script.machine.outcome() == Outcome::established);
  CHECK(script.machine.closing() == Closing::reset_by_us);
  CHECK(script.machine.closing_reason() == ClosingReason::timeout);
  script.check_ends();
}

TEST_CASE("why a connection is reset is known") {
  Script script;
  script.open();
  SUBCASE("the user stops it") {
    script.machine.abort(Outcome::interrupted, script.now);
    CHECK(script.machine.closing_reason() == ClosingReason::interrupted);
  }
  SUBCASE("nothing can be sent") {
    script.machine.abort(Outcome::failed, script.now);
    CHECK(script.machine.closing_reason() == ClosingReason::send_failed);
  }
  SUBCASE("the peer wants an answer again and again") {
    for (unsigned i = 0; i < 3000; ++i) (void)script.receive(control::ack, kTheirIsn + 1 + i, kOurIsn + 2, 1);
    CHECK(script.machine.closing_reason() == ClosingReason::too_many_replies);
  }
  CHECK(script.sent().ends_with("R."));
  CHECK(script.machine.closing() == Closing::reset_by_us);
}

TEST_CASE("a peer that talks without end is reset") {
  Script script;
  script.open();
  std::uint32_t next = kTheirIsn + 1;
  for (int i = 0; i < 100 && script.machine.closing() == Closing::none; ++i) {
    (void)script.receive(control::ack, next, kOurIsn + 2, 60000);
    next += 60000;
  }
  CHECK(script.machine.closing() == Closing::reset_by_us);
  CHECK(script.machine.closing_reason() == ClosingReason::too_much_data);
  (void)script.sent();
  script.check_ends();
}

TEST_CASE("only an exact RST resets the connection (RFC 5961)") {
  Script script;
  script.open();
  CHECK(script.receive(control::rst, kTheirIsn + 3, 0) == Role::out_of_window);
  CHECK(script.sent() == ".");  // a challenge
  CHECK(script.receive(control::rst, kTheirIsn + 1'000'000, 0) == Role::out_of_window);
  CHECK(script.sent().empty());
  CHECK(script.receive(control::rst, kTheirIsn + 1, 0) == Role::reset);
  CHECK(script.machine.outcome() == Outcome::established);
  CHECK(script.machine.closing() == Closing::reset_by_peer);
  script.check_ends();
}

TEST_CASE("acknowledgments of what was never sent, and segments without one, change nothing") {
  Script script;
  script.open();
  CHECK(script.receive(control::ack, kTheirIsn + 1, kOurIsn + 3) == Role::wrong_ack);
  CHECK(script.receive(control::ack, kTheirIsn + 1, kOurIsn) == Role::wrong_ack);
  CHECK(script.receive(control::fin, kTheirIsn + 1, kOurIsn + 2) == Role::unexpected);
  CHECK(script.receive(control::ack, kTheirIsn + 200'000, kOurIsn + 2, 1) == Role::out_of_window);
  CHECK(script.machine.state() == TcpState::fin_wait_1);
  CHECK(script.machine.bytes_received() == 0);
}

TEST_CASE("a peer without options gets none back") {
  Script script;
  (void)script.sent();
  CHECK(script.receive(control::syn | control::ack, kTheirIsn, kOurIsn + 1) == Role::syn_ack);
  CHECK(script.sent() == ". F.");
  CHECK(script.last[0].segment.options.empty());
  CHECK(script.last[0].segment.header.window == 64240);
}

TEST_CASE("stopping resets what is open and leaves nothing behind") {
  Script script;
  SUBCASE("before an answer") {
    (void)script.sent();
    script.machine.abort(Outcome::interrupted, script.now);
    CHECK(script.sent().empty());
    CHECK(script.machine.outcome() == Outcome::interrupted);
  }
  SUBCASE("while closing") {
    script.open();
    script.machine.abort(Outcome::interrupted, script.now);
    CHECK(script.sent() == "R.");
    CHECK(script.machine.outcome() == Outcome::established);
  }
  CHECK(script.machine.finished());
}

TEST_CASE("half-open: the SYN-ACK is counted, not confirmed, and reset in the end") {
  ActiveOptions options = Script::make_options();
  options.half_open = true;
  Script script(options);
  (void)script.sent();
  script.pass(10ms);
  CHECK(script.receive_syn_ack() == Role::syn_ack);
  CHECK(script.sent().empty());
  CHECK(script.machine.outcome() == Outcome::half_open);
  SUBCASE("to the timeout") {
    script.pass(1s);
    CHECK(script.receive_syn_ack() == Role::syn_ack_again);
    CHECK(script.receive(control::ack, kTheirIsn + 1, kOurIsn + 1) == Role::unexpected);
    script.pass(3989ms);
    CHECK(script.sent().empty());
    script.pass(1ms);
    CHECK(script.sent() == "R");
    CHECK(script.last[0].segment.header.sequence == kOurIsn + 1);
  }
  SUBCASE("the peer gives up") {
    CHECK(script.receive(control::rst, kTheirIsn + 9, 0) == Role::out_of_window);
    CHECK(script.receive(control::rst, kTheirIsn + 1, 0) == Role::reset);
    CHECK(script.sent().empty());
  }
  SUBCASE("stopped") {
    script.machine.abort(Outcome::interrupted, script.now);
    CHECK(script.sent() == "R");
  }
  CHECK(script.machine.outcome() == Outcome::half_open);
  CHECK(script.machine.closing() == Closing::none);
  script.check_ends();
}

TEST_CASE("a probe without SYN is answered by an RST with its numbers, or not at all") {
  ActiveOptions options = Script::make_options();
  SUBCASE("ACK") {
    options.shape.control_bits = control::ack;
    options.probe_acknowledgment = 777;
    Script script(options);
    CHECK(script.sent() == ".");
    CHECK(script.last[0].role == Role::probe);
    CHECK(script.last[0].segment.header.acknowledgment == 777);
    CHECK(script.receive(control::rst, 778, 0) == Role::wrong_ack);
    CHECK(script.receive(control::rst, 777, 0) == Role::reset);
    CHECK(script.machine.outcome() == Outcome::reset);
    CHECK(script.sent().empty());
    script.check_ends();
  }
  SUBCASE("FIN") {
    options.shape.control_bits = control::fin;
    Script script(options);
    CHECK(script.sent() == "F");
    CHECK(script.receive(control::rst | control::ack, 0, kOurIsn) == Role::wrong_ack);
    CHECK(script.receive(control::syn | control::ack, 0, kOurIsn + 1) == Role::unexpected);
    CHECK(script.receive(control::rst | control::ack, 0, kOurIsn + 1) == Role::reset);
    CHECK(script.machine.outcome() == Outcome::reset);
  }
  SUBCASE("silence") {
    options.shape.control_bits = 0;
    options.syn_retries = 1;
    Script script(options);
    (void)script.sent();
    script.pass(1s);
    CHECK(script.sent().empty());
    CHECK(script.machine.syn_count() == 2);
    script.pass(1s);
    CHECK(script.machine.outcome() == Outcome::unanswered);
    script.check_ends();
  }
}

TEST_CASE("a SYN with FIN is refused by its whole length") {
  ActiveOptions options = Script::make_options();
  options.shape.control_bits = control::syn | control::fin;
  Script script(options);
  (void)script.sent();
  CHECK(script.receive(control::rst | control::ack, 0, kOurIsn + 2) == Role::reset);
  CHECK(script.machine.outcome() == Outcome::refused);
}

TEST_CASE("what is to be said is sent in pieces that fit, and the FIN follows the first answer") {
  ActiveOptions options = Script::make_options();
  options.payload.assign(1024, 'x');
  Script script(options);
  (void)script.sent();
  script.pass(10ms);
  Segment syn_ack = Script::theirs(control::syn | control::ack, kTheirIsn, kOurIsn + 1);
  syn_ack.options = {packet::MaximumSegmentSize{536}, packet::NoOperation{}, packet::NoOperation{},
                     packet::Timestamps{77, 0}};
  (void)script.machine.on_segment(syn_ack, script.now);
  CHECK(script.sent() == ". . .");
  CHECK(script.last[1].role == Role::data);
  CHECK(script.last[1].segment.payload.size() == 524);
  CHECK(script.last[2].segment.payload_length == 500);
  CHECK(script.last[2].segment.header.sequence == kOurIsn + 525);
  CHECK(script.machine.bytes_sent() == 1024);
  SUBCASE("an answer") {
    CHECK(script.receive(control::ack, kTheirIsn + 1, kOurIsn + 1025) == Role::ack);
    CHECK(script.sent().empty());
    CHECK(script.receive(control::ack, kTheirIsn + 1, kOurIsn + 1025, 5) == Role::data);
    CHECK(script.sent() == ". F.");
    CHECK(script.last[1].segment.header.sequence == kOurIsn + 1025);
    CHECK(script.receive(control::fin | control::ack, kTheirIsn + 6, kOurIsn + 1026) == Role::fin);
    CHECK(script.machine.bytes_received() == 5);
  }
  SUBCASE("half of it is lost") {
    CHECK(script.receive(control::ack, kTheirIsn + 1, kOurIsn + 525) == Role::ack);
    script.pass(200ms);
    CHECK(script.sent() == ".");
    CHECK(script.last[0].segment.header.sequence == kOurIsn + 525);
    CHECK(script.receive(control::ack, kTheirIsn + 1, kOurIsn + 1025) == Role::ack);
    script.pass(2799ms);
    CHECK(script.sent().empty());
    script.pass(1ms);  // nobody answers: we have nothing more to say
    CHECK(script.sent() == "F.");
    CHECK(script.receive(control::fin | control::ack, kTheirIsn + 1, kOurIsn + 1026) == Role::fin);
  }
  SUBCASE("they close first") {
    CHECK(script.receive(control::fin | control::ack, kTheirIsn + 1, kOurIsn + 1025) == Role::fin);
    CHECK(script.sent() == ". F.");
    CHECK(script.receive(control::ack, kTheirIsn + 2, kOurIsn + 1026) == Role::ack);
  }
  CHECK(script.machine.closing() == Closing::orderly);
  (void)script.sent();
  script.check_ends();
}

TEST_CASE("what we did not offer is not used") {
  ActiveOptions options = Script::make_options();
  options.shape.timestamps = options.shape.window_scaling = false;
  options.shape.time_to_live = 9;
  Script script(options);
  script.open();
  CHECK(script.last[0].segment.options.empty());
  CHECK(script.last[0].segment.header.window == 64240);
  CHECK(script.last[0].segment.time_to_live == 9);
}

TEST_CASE("an end that comes with the confirmation of a simultaneous open is answered by ours") {
  ActiveOptions options = Script::make_options();
  options.payload.assign(4, 'x');
  Script script(options);
  (void)script.sent();
  (void)script.receive(control::syn, kTheirIsn, 0);
  CHECK(script.sent() == "S.");
  CHECK(script.receive(control::fin | control::ack, kTheirIsn + 1, kOurIsn + 1) == Role::fin);
  CHECK(script.sent() == ". . F.");  // what we say, that we heard their end, our end
  CHECK(script.receive(control::ack, kTheirIsn + 2, kOurIsn + 6) == Role::ack);
  CHECK(script.machine.closing() == Closing::orderly);
}
