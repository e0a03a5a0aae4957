// SPDX-License-Identifier: MIT
// What follows from events, and what must not be claimed.
#include <doctest/doctest.h>

#include <algorithm>

#include "libtcp/trace/interpretation.hpp"
#include "libtcp/trace/syn_shape.hpp"

using namespace tcp;
using namespace tcp::trace;
using namespace std::chrono_literals;
namespace control = tcp::packet::control;

namespace {

const IpAddress kUs = IpAddress::v4(0xc0000201);
const IpAddress kThem = IpAddress::v4(0xc0000202);
const IpAddress kRouter = IpAddress::v4(0xc00002fe);

struct Story {
  Story() { handshake.tuple = {{kUs, 40000}, {kThem, 443}}; }

  Segment& add(Duration at, Party from, Role role, std::uint16_t bits, packet::TcpOptions options = {}) {
    Segment segment;
    segment.header.control_bits = bits;
    segment.header.window = 1000;
    segment.options = options;
    handshake.events.push_back({WallTime(at), true, from, role, segment});
    return std::get<Segment>(handshake.events.back().what);
  }
  Segment& syn(Duration at, std::uint32_t timestamp) {
    ++handshake.syn_count;
    const Role role = handshake.syn_count == 1 ? Role::syn : Role::syn_again;
    return add(at, Party::client, role, control::syn, packet::linux_syn_options(1460, timestamp, 7));
  }
  Segment& syn_ack(Duration at, packet::TcpOptions options = {}) {
    handshake.outcome = Outcome::established;
    return add(at, Party::server, Role::syn_ack, control::syn | control::ack, options);
  }
  IcmpAnswer& icmp(Duration at, const IpAddress& sender) {
    handshake.outcome = Outcome::unreachable;
    IcmpAnswer answer;
    answer.header.type = 3;
    answer.header.code = 13;
    answer.sender = sender;
    handshake.events.push_back({WallTime(at), true, Party::network, Role::icmp_error, answer});
    return std::get<IcmpAnswer>(handshake.events.back().what);
  }
  [[nodiscard]] Meaning meaning() const { return interpret(handshake); }
  [[nodiscard]] std::string says(Topic topic) const {
    const auto findings = meaning().findings;
    const auto found = std::ranges::find(findings, topic, &Finding::topic);
    return found == findings.end() ? "" : found->statement;
  }

  Handshake handshake;
};

}  // namespace

TEST_CASE("one SYN, one answer: the round trip is theirs") {
  Story story;
  story.syn(0ms, 1);
  story.syn_ack(10ms);
  const auto rtt = story.meaning().round_trip;
  REQUIRE(rtt);
  CHECK(rtt->shortest == 10ms);
  CHECK(rtt->basis == RoundTripBasis::only_syn);
}

TEST_CASE("of several SYNs only an echoed timestamp names the answered one (Karn)") {
  Story story;
  story.syn(0ms, 1);
  story.syn(1000ms, 1001);
  SUBCASE("none is named") {
    story.syn_ack(1010ms);
    const auto rtt = story.meaning().round_trip;
    CHECK(rtt->basis == RoundTripBasis::ambiguous);
    CHECK(rtt->shortest == 10ms);
    CHECK(rtt->longest == 1010ms);
    CHECK(story.says(Topic::round_trip) == "10.000 ms to 1010.000 ms");
  }
  SUBCASE("the second is named") {
    story.syn_ack(1010ms, {packet::Timestamps{9, 1001}});
    CHECK(story.meaning().round_trip->basis == RoundTripBasis::timestamp);
    CHECK(story.meaning().round_trip->longest == 10ms);
  }
  SUBCASE("the first is named") {
    story.syn_ack(1010ms, {packet::Timestamps{9, 1}});
    CHECK(story.meaning().round_trip->shortest == 1010ms);
  }
  SUBCASE("a made-up echo names none") {
    story.syn_ack(1010ms, {packet::Timestamps{9, 77}});
    CHECK(story.meaning().round_trip->basis == RoundTripBasis::ambiguous);
  }
  SUBCASE("an SYN sent after the answer is no candidate") {
    story.syn_ack(1010ms);
    story.syn(2000ms, 2001);
    CHECK(story.meaning().round_trip->shortest == 10ms);
  }
}

TEST_CASE("the quote of an ICMP error names its SYN, by the IP identification or by the timestamp") {
  Story story;
  story.syn(0ms, 1).identification = 7;
  story.syn(1000ms, 1001).identification = 8;
  auto& icmp = story.icmp(1004ms, kRouter);
  SUBCASE("identification") { icmp.quoted_identification = 8; }
  SUBCASE("timestamp") { icmp.quoted_timestamp = 1001; }
  CHECK(story.meaning().round_trip->basis == RoundTripBasis::quote);
  CHECK(story.meaning().round_trip->shortest == 4ms);
}

TEST_CASE("options of the peer's SYN") {
  Story story;
  story.syn(0ms, 1);
  story.syn_ack(1ms, {packet::MaximumSegmentSize{1400}, packet::SackPermitted{}, packet::WindowScale{9}});
  const Meaning meaning = story.meaning();
  CHECK(meaning.mss == 1400);
  CHECK(meaning.implied_mtu == 1440U);
  CHECK(meaning.window == 1000);
  CHECK(meaning.window_shift == 9);
  CHECK(meaning.selective_ack == true);
  CHECK(meaning.timestamps == false);
  CHECK_FALSE(meaning.ecn);  // not asked for: no evidence
}

TEST_CASE("without an MSS option nothing is implied") {
  Story story;
  story.syn(0ms, 1);
  story.syn_ack(1ms);
  CHECK_FALSE(story.meaning().mss);
  CHECK_FALSE(story.meaning().implied_mtu);
  CHECK(story.says(Topic::segment_size) == "at most 536 bytes a segment");
  CHECK(story.says(Topic::window).find("no scaling") != std::string::npos);
}

TEST_CASE("hop distance takes the nearest common start above") {
  CHECK(distance_of(64).hops == 0);
  CHECK(distance_of(57).hops == 7);
  CHECK(distance_of(128).hops == 0);
  CHECK(distance_of(65).hops == 63);
  CHECK(distance_of(250).hops == 5);
  CHECK(distance_of(0).hops == 64);
}

TEST_CASE("who sent the RST is said only where it shows") {
  Story story;
  story.syn(0ms, 1);
  SUBCASE("an RST alone shows nothing") {
    story.handshake.outcome = Outcome::refused;
    story.add(1ms, Party::server, Role::reset, control::rst | control::ack);
    CHECK_FALSE(story.meaning().reset_origin);
    CHECK(story.says(Topic::reset_origin) == "no evidence");
  }
  SUBCASE("the TTL of the host's other segments") {
    story.syn_ack(1ms).time_to_live = 60;
    story.add(2ms, Party::server, Role::reset, control::rst).time_to_live = 60;
    CHECK(story.meaning().reset_origin == ResetOrigin::host);
  }
  SUBCASE("another TTL") {
    story.syn_ack(1ms).time_to_live = 60;
    story.add(2ms, Party::server, Role::reset, control::rst).time_to_live = 62;
    CHECK(story.meaning().reset_origin == ResetOrigin::elsewhere);
  }
  SUBCASE("the host accepts after all") {
    story.handshake.outcome = Outcome::refused;
    story.add(1ms, Party::server, Role::reset, control::rst | control::ack);
    story.add(2ms, Party::server, Role::late_syn_ack, control::syn | control::ack);
    CHECK(story.meaning().reset_origin == ResetOrigin::elsewhere);
  }
}

TEST_CASE("an ICMP error names its sender's place") {
  Story story;
  story.syn(0ms, 1);
  const auto evidence = [&] { return story.meaning().findings.front().evidence; };
  SUBCASE("the host") {
    story.icmp(1ms, kThem);
    CHECK(evidence() == "ICMP from 192.0.2.2, the host itself");
  }
  SUBCASE("a router") {
    story.icmp(1ms, kRouter);
    CHECK(evidence().find("192.0.2.254, not the host") != std::string::npos);
  }
  SUBCASE("ourselves") {
    story.icmp(1ms, kUs);
    CHECK(story.says(Topic::result).find("nobody on the link") != std::string::npos);
    CHECK_FALSE(story.meaning().round_trip);  // nothing travelled
    CHECK_FALSE(story.meaning().distance);
  }
}

TEST_CASE("silence claims nothing but silence") {
  Story story;
  story.syn(0ms, 1);
  story.syn(1000ms, 1001);
  story.handshake.outcome = Outcome::filtered;
  const Meaning meaning = story.meaning();
  CHECK_FALSE(meaning.round_trip);
  CHECK_FALSE(meaning.distance);
  CHECK(meaning.findings.size() == 1);
  CHECK(meaning.findings.front().evidence == "silence after 2 SYNs");
}

TEST_CASE("the kernel's own handshake says what cannot be seen") {
  Story story;
  story.handshake.technique = Technique::connect;
  story.handshake.outcome = Outcome::established;
  KernelView view;
  view.round_trip = 10ms;
  view.peer_window_shift = 7;
  story.handshake.kernel = view;
  CHECK(story.meaning().round_trip->basis == RoundTripBasis::kernel);
  CHECK(story.meaning().window_shift == 7);
  CHECK_FALSE(story.says(Topic::limits).empty());
}

namespace {

// A SYN with something in it, and its answer.
Story asked(const SynShape& shape, std::uint16_t answer_bits, packet::TcpOptions answer_options = {}) {
  Story story;
  SynFields fields;
  fields.timestamp = 1;
  Segment& syn = story.syn(0ms, 1);
  syn.options = make_syn(shape, fields).options;
  syn.header.control_bits = make_syn(shape, fields).header.control_bits;
  story.syn_ack(10ms, answer_options).header.control_bits = answer_bits;
  return story;
}

packet::TcpOptions with_mptcp() {
  packet::Mptcp option;
  option.data_length = 10;
  return {option};
}

packet::TcpOptions with_cookie() {
  packet::FastOpen option;
  option.cookie_length = 8;
  return {option};
}

}  // namespace

TEST_CASE("the three bits of a SYN-ACK are read by the table of RFC 9768") {
  SynShape shape;
  shape.ecn = Ecn::accurate;
  constexpr std::uint16_t kSynAck = control::syn | control::ack;
  const auto answer = [&](std::uint16_t bits) { return asked(shape, kSynAck | bits).meaning().ecn_answer; };
  CHECK(answer(0) == EcnAnswer::none);
  CHECK(answer(control::ece) == EcnAnswer::classic);
  CHECK(answer(control::cwr) == EcnAnswer::accurate_not_ect);
  CHECK(answer(control::cwr | control::ece) == EcnAnswer::accurate_ect1);
  CHECK(answer(control::ae) == EcnAnswer::accurate_ect0);
  CHECK(answer(control::ae | control::cwr) == EcnAnswer::accurate_ce);
  CHECK(answer(control::ae | control::ece) == EcnAnswer::reserved);
  CHECK(answer(control::ae | control::cwr | control::ece) == EcnAnswer::reflected);
  CHECK(asked(shape, kSynAck | control::ae).meaning().ecn == true);
  CHECK(asked(shape, kSynAck | control::ae | control::ece).meaning().ecn == false);
  shape.ecn = Ecn::classic;
  CHECK(answer(control::ece) == EcnAnswer::classic);
  CHECK(answer(control::ece | control::cwr) == EcnAnswer::reflected);
  CHECK(asked(shape, kSynAck).says(Topic::congestion) == "asked for, not granted");
  CHECK(asked({}, kSynAck | control::ece).says(Topic::congestion).empty());  // nobody asked
}

TEST_CASE("Fast Open and MPTCP are granted by their options, and asked for by the first SYN alone") {
  SynShape shape;
  shape.fast_open = shape.multipath = true;
  constexpr std::uint16_t kSynAck = control::syn | control::ack;
  CHECK(asked(shape, kSynAck, with_cookie()).meaning().fast_open == true);
  CHECK(asked(shape, kSynAck, with_cookie()).meaning().multipath == false);
  CHECK(asked(shape, kSynAck, with_mptcp()).says(Topic::multipath) == "accepted");
  CHECK(asked(shape, kSynAck).says(Topic::fast_open) == "no cookie");
  Story story = asked(shape, kSynAck);
  story.syn(5ms, 9);
  CHECK(story.says(Topic::fast_open) == "no evidence");
  CHECK_FALSE(story.meaning().multipath);
  CHECK(asked({}, kSynAck, with_cookie()).says(Topic::fast_open).empty());
}

TEST_CASE("SYN cookies: one SYN-ACK in a long silence, and no claim from a short one") {
  Story story;
  story.syn(0ms, 1);
  story.syn_ack(10ms);
  story.handshake.outcome = Outcome::half_open;
  SUBCASE("likely") {
    story.add(4s, Party::client, Role::reset, control::rst);
    CHECK(story.meaning().syn_cookies == SynCookies::likely);
    CHECK(story.says(Topic::syn_cookies).starts_with("likely"));
  }
  SUBCASE("its timestamp ends as Linux's cookies do") {
    std::get<Segment>(story.handshake.events.back().what).options = {packet::Timestamps{0x1000 | 0x10 | 7, 1}};
    story.add(4s, Party::client, Role::reset, control::rst);
    const auto findings = story.meaning().findings;
    const auto found = std::ranges::find(findings, Topic::syn_cookies, &Finding::topic);
    REQUIRE(found != findings.end());
    CHECK(found->evidence.find("timestamp") != std::string::npos);
  }
  SUBCASE("too short") {
    story.add(2s, Party::client, Role::reset, control::rst);
    CHECK_FALSE(story.meaning().syn_cookies);
    CHECK(story.says(Topic::syn_cookies) == "no evidence");
  }
  SUBCASE("repeated") {
    story.add(1010ms, Party::server, Role::syn_ack_again, control::syn | control::ack);
    story.add(2s, Party::client, Role::reset, control::rst);
    CHECK(story.meaning().syn_cookies == SynCookies::unlikely);
  }
}

TEST_CASE("an MSS alone, when more was offered without timestamps, makes cookies possible") {
  SynShape shape;
  const packet::TcpOptions mss{packet::MaximumSegmentSize{1460}};
  constexpr std::uint16_t kSynAck = control::syn | control::ack;
  CHECK_FALSE(asked(shape, kSynAck, mss).meaning().syn_cookies);
  shape.timestamps = false;
  CHECK(asked(shape, kSynAck, mss).meaning().syn_cookies == SynCookies::possible);
  CHECK_FALSE(asked(shape, kSynAck, {packet::MaximumSegmentSize{1460}, packet::SackPermitted{}}).meaning().syn_cookies);
}

TEST_CASE("an answer in two parts is told from a simultaneous open") {
  Story story;
  story.syn(0ms, 1).header.sequence = 100;
  SUBCASE("split") {
    story.add(5ms, Party::server, Role::unexpected, control::ack).header.acknowledgment = 101;
    story.add(6ms, Party::server, Role::peer_syn, control::syn);
    CHECK(story.meaning().split_handshake);
    CHECK_FALSE(story.says(Topic::split_handshake).empty());
  }
  SUBCASE("crossed") {
    story.add(6ms, Party::server, Role::peer_syn, control::syn);
    CHECK_FALSE(story.meaning().split_handshake);
  }
}

TEST_CASE("a reset of an ACK out of nowhere claims neither open nor closed") {
  Story story;
  story.handshake.syn_count = 1;
  story.add(0ms, Party::client, Role::probe, control::ack);
  story.handshake.outcome = Outcome::unanswered;
  CHECK(story.says(Topic::result) == "no answer: a filter drops it, or nobody is there");
  story.add(3ms, Party::server, Role::reset, control::rst).time_to_live = 60;
  story.handshake.outcome = Outcome::reset;
  CHECK(story.meaning().round_trip->shortest == 3ms);
  CHECK(story.meaning().distance->hops == 4);
  CHECK(story.says(Topic::reset_origin) == "no evidence");
  CHECK(story.says(Topic::result).find("open or closed does not show") != std::string::npos);
}

TEST_CASE("probes without SYN and ACK are ignored by open ports, so a reset says likely closed") {
  Story story;
  story.handshake.syn_count = 1;
  story.add(0ms, Party::client, Role::probe, control::fin);
  story.handshake.outcome = Outcome::unanswered;
  CHECK(story.says(Topic::result).find("an open port ignores it") != std::string::npos);
  story.handshake.outcome = Outcome::reset;
  CHECK(story.says(Topic::result) == "answered by a reset: likely closed");
}

TEST_CASE("two RSTs of different TTLs have two senders") {
  Story story;
  story.syn(0ms, 1);
  story.handshake.outcome = Outcome::refused;
  story.add(1ms, Party::server, Role::reset, control::rst | control::ack).time_to_live = 64;
  story.add(2ms, Party::server, Role::reset, control::rst | control::ack).time_to_live = 63;
  CHECK(story.meaning().reset_origin == ResetOrigin::elsewhere);
}

TEST_CASE("a reset of ours has the reason that it had") {
  Story story;
  story.syn(0ms, 1);
  story.syn_ack(10ms);
  story.handshake.closing = Closing::reset_by_us;
  const auto reason = [&story](ClosingReason why) {
    story.handshake.closing_reason = why;
    const Meaning meaning = story.meaning();
    const auto found = std::ranges::find(meaning.findings, Topic::closing, &Finding::topic);
    REQUIRE(found != meaning.findings.end());
    CHECK(found->statement == "we had to reset it");
    return found->evidence;
  };
  CHECK(reason(ClosingReason::timeout) == "the peer did not close in time");
  CHECK(reason(ClosingReason::interrupted) == "we were interrupted");
  CHECK(reason(ClosingReason::too_much_data) == "the peer sent more than we read");
  CHECK(reason(ClosingReason::too_many_replies) == "the peer drew too many acknowledgments from us");
}
