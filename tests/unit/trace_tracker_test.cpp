// SPDX-License-Identifier: MIT
// The tracker, fed with segments in the orders in which captures show them.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "libtcp/packet/tcp_header.hpp"
#include "libtcp/trace/passive_summary.hpp"
#include "libtcp/trace/tracker.hpp"
#include "libtcp/trace/tracker_thread.hpp"

using namespace tcp;
using namespace tcp::trace;
using namespace std::chrono_literals;
namespace control = tcp::packet::control;

namespace {

constexpr std::uint32_t kClientIsn = 0xfffffff0;  // wraps around within the connection
constexpr std::uint32_t kServerIsn = 5000;
constexpr std::uint16_t kSynAck = control::syn | control::ack;

struct Wire final : HandshakeObserver {
  explicit Wire(std::size_t most = 1000) : tracker({most, 42}, *this) {}

  void on_handshake(const ObservedHandshake& handshake) override { told.push_back(handshake); }

  // At `at` from the client (true) or the server.
  packet::FlowSegment make(bool from_client, std::uint16_t bits, std::uint32_t sequence, std::uint32_t acknowledgment,
                           std::uint32_t payload = 0) {
    packet::FlowSegment segment;
    segment.source = {0, from_client ? client : server};
    segment.destination = {0, from_client ? server : client};
    segment.source_port = from_client ? client_port : std::uint16_t{443};
    segment.destination_port = from_client ? std::uint16_t{443} : client_port;
    segment.control_bits = bits;
    segment.sequence = sequence;
    segment.acknowledgment = acknowledgment;
    segment.payload_length = payload;
    segment.identification = ++identification;
    return segment;
  }
  void send(Duration at, const packet::FlowSegment& segment, const packet::WayIn* way = nullptr) {
    tracker.on_segment(segment, start + at, way);
    tracker.advance(start + at);
  }
  void c(Duration at, std::uint16_t bits, std::uint32_t sequence, std::uint32_t acknowledgment = 0,
         std::uint32_t payload = 0) {
    send(at, make(true, bits, sequence, acknowledgment, payload));
  }
  void s(Duration at, std::uint16_t bits, std::uint32_t sequence, std::uint32_t acknowledgment = 0,
         std::uint32_t payload = 0) {
    send(at, make(false, bits, sequence, acknowledgment, payload));
  }
  void handshake(Duration at = 0ms) {
    c(at, control::syn, kClientIsn);
    s(at + 10ms, kSynAck, kServerIsn, kClientIsn + 1);
    c(at + 11ms, control::ack, kClientIsn + 1, kServerIsn + 1);
  }
  ObservedOutcome only() {
    REQUIRE(told.size() == 1);
    return told[0].outcome;
  }

  std::uint64_t client = 0x0a000001;
  std::uint64_t server = 0xc0a80001;
  std::uint16_t client_port = 50000;
  std::uint16_t identification = 0;
  WallTime start{std::chrono::seconds(1'700'000'000)};
  std::vector<ObservedHandshake> told;
  HandshakeTracker tracker;
};

}  // namespace

TEST_CASE("a handshake is told when it is complete, with both sides' times") {
  Wire wire;
  wire.handshake();
  REQUIRE(wire.only() == ObservedOutcome::established);
  CHECK(to_string(wire.told[0].client) == "10.0.0.1:50000");
  CHECK(to_string(wire.told[0].server) == "192.168.0.1:443");
  CHECK(wire.told[0].server_side->shortest == 10ms);
  CHECK_FALSE(wire.told[0].server_side->ambiguous());
  CHECK(wire.told[0].client_side->shortest == 1ms);
  CHECK(wire.told[0].first == wire.start);
  CHECK(wire.told[0].last == wire.start + 11ms);
}

TEST_CASE("how established connections end") {
  Wire wire;
  SUBCASE("FIN both ways") {
    wire.handshake();
    wire.c(20ms, control::fin | control::ack, kClientIsn + 1, kServerIsn + 1);
    wire.s(30ms, control::fin | control::ack, kServerIsn + 1, kClientIsn + 2);
    wire.s(31ms, control::rst, kServerIsn + 2);  // after the end
    CHECK(wire.tracker.counts().closed == 1);
    CHECK(wire.tracker.counts().reset_by_server == 0);
  }
  SUBCASE("the client resets") {
    wire.handshake();
    wire.c(20ms, control::rst | control::ack, kClientIsn + 1, kServerIsn + 1);
    CHECK(wire.tracker.counts().reset_by_client == 1);
  }
  SUBCASE("the server resets") {
    wire.handshake();
    wire.s(20ms, control::rst, kServerIsn + 1);
    CHECK(wire.tracker.counts().reset_by_server == 1);
  }
  SUBCASE("not at all") {
    wire.handshake();
    wire.tracker.finish();
    CHECK(wire.tracker.counts().not_closed == 1);
  }
  CHECK(wire.only() == ObservedOutcome::established);
}

TEST_CASE("handshakes that fail") {
  Wire wire;
  wire.c(0ms, control::syn, kClientIsn);
  SUBCASE("refused") {
    wire.s(7ms, control::rst | control::ack, 0, kClientIsn + 1);
    CHECK(wire.only() == ObservedOutcome::refused);
    CHECK(wire.told[0].server_side->shortest == 7ms);
  }
  SUBCASE("a reset that acknowledges something else is nobody's answer") {
    wire.s(7ms, control::rst | control::ack, 0, kClientIsn + 77);
    CHECK(wire.told.empty());
  }
  SUBCASE("unanswered, with its retransmissions") {
    for (int i = 1; i <= 4; ++i) wire.c(std::chrono::seconds((1 << i) - 1), control::syn, kClientIsn);
    wire.tracker.advance(wire.start + 80s);
    CHECK(wire.told.empty());  // the next SYN may still come
    wire.tracker.advance(wire.start + 91s);
    CHECK(wire.only() == ObservedOutcome::unanswered);
    CHECK(wire.told[0].syn_count == 5);
    CHECK(wire.tracker.counts().syn_retransmissions == 4);
    CHECK(wire.tracker.counts().connections_with_syn_retransmissions == 1);
  }
  SUBCASE("half-open") {
    wire.s(5ms, kSynAck, kServerIsn, kClientIsn + 1);
    wire.s(1005ms, kSynAck, kServerIsn, kClientIsn + 1);
    wire.tracker.finish();
    CHECK(wire.only() == ObservedOutcome::half_open);
    CHECK(wire.told[0].syn_ack_count == 2);
  }
  SUBCASE("the client answers the SYN-ACK by a reset") {
    wire.s(5ms, kSynAck, kServerIsn, kClientIsn + 1);
    wire.c(6ms, control::rst, kClientIsn + 1);
    CHECK(wire.only() == ObservedOutcome::rejected);
  }
  SUBCASE("the client resets before anything came") {
    wire.c(6ms, control::rst, kClientIsn + 1);
    CHECK(wire.only() == ObservedOutcome::abandoned);
  }
  SUBCASE("a SYN-ACK for another SYN changes nothing") {
    wire.s(5ms, kSynAck, kServerIsn, kClientIsn + 2);
    wire.tracker.finish();
    CHECK(wire.only() == ObservedOutcome::unanswered);
    CHECK(wire.tracker.counts().wrong_acknowledgments == 1);
  }
}

TEST_CASE("the order in the file does not matter") {
  const auto run = [](std::array<int, 3> order) {
    Wire wire;
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Duration at = i * 1us;
      if (order[i] == 0) wire.c(at, control::syn, kClientIsn);
      if (order[i] == 1) wire.s(at, kSynAck, kServerIsn, kClientIsn + 1);
      if (order[i] == 2) wire.c(at, control::ack, kClientIsn + 1, kServerIsn + 1);
    }
    wire.c(1s, control::fin | control::ack, kClientIsn + 1, kServerIsn + 1);
    wire.s(2s, control::fin | control::ack, kServerIsn + 1, kClientIsn + 2);
    wire.tracker.finish();
    CHECK(wire.only() == ObservedOutcome::established);
    CHECK(to_string(wire.told.at(0).client) == "10.0.0.1:50000");
    CHECK(wire.tracker.counts().connections == 1);
    CHECK(wire.tracker.counts().closed == 1);
  };
  std::array order{0, 1, 2};
  do {
    CAPTURE(order[0] * 100 + order[1] * 10 + order[2]);
    run(order);
  } while (std::ranges::next_permutation(order).found);
}

TEST_CASE("a refusal that stands before its SYN in the file is one") {
  Wire wire;
  wire.s(0us, control::rst | control::ack, 0, kClientIsn + 1);
  wire.c(1us, control::syn, kClientIsn);
  CHECK(wire.only() == ObservedOutcome::refused);
  CHECK(wire.tracker.counts().connections == 1);
}

TEST_CASE("both open at once: that is no retransmission") {
  Wire wire;
  wire.c(0ms, control::syn, kClientIsn);
  wire.s(1ms, control::syn, kServerIsn);
  wire.c(5ms, kSynAck, kClientIsn, kServerIsn + 1);
  wire.s(6ms, kSynAck, kServerIsn, kClientIsn + 1);
  CHECK(wire.only() == ObservedOutcome::established);
  CHECK(wire.told[0].simultaneous_open);
  CHECK(wire.tracker.counts().simultaneous_opens == 1);
  CHECK(wire.tracker.counts().syn_retransmissions == 0);
  CHECK(wire.tracker.counts().syn_ack_retransmissions == 0);
}

TEST_CASE("one packet seen several times is one") {
  Wire wire;
  const packet::FlowSegment syn = wire.make(true, control::syn, kClientIsn, 0);
  for (const Duration at : {Duration(0ns), Duration(2us), Duration(90ms)}) wire.send(at, syn);
  CHECK(wire.tracker.counts().syn == 1);
  CHECK(wire.tracker.counts().duplicates == 2);
  wire.send(1090ms, syn);  // so late it is a sender that does not number its packets
  CHECK(wire.tracker.counts().syn_retransmissions == 1);
}

TEST_CASE("without an identification only what comes at once is a copy, and no acknowledgment is") {
  Wire wire;
  const auto nameless = [&](std::uint16_t bits, std::uint32_t payload) {
    packet::FlowSegment segment = wire.make(true, bits, kClientIsn, 9, payload);
    segment.identification = 0;
    return segment;
  };
  const packet::FlowSegment data = nameless(control::ack, 100);
  wire.send(0us, data);
  wire.send(500us, data);
  CHECK(wire.tracker.counts().duplicates == 1);
  wire.send(5ms, data);
  CHECK(wire.tracker.counts().data_retransmissions == 1);
  const packet::FlowSegment acknowledgment = nameless(control::ack, 0);
  wire.send(6ms, acknowledgment);
  wire.send(6ms, acknowledgment);
  CHECK(wire.tracker.counts().duplicates == 1);
}

TEST_CASE("VLANs and tunnels keep equal endpoints apart, and both directions of one together") {
  Wire wire;
  const auto vlan = [](std::uint16_t identifier) {
    packet::WayIn way;
    way.tags[0].vlans.count = 1;
    way.tags[0].vlans.identifiers[0] = identifier;
    return way;
  };
  const auto tunnel = [](std::uint32_t identifier, std::uint32_t from, std::uint32_t to) {
    packet::WayIn way;
    way.tunnel_count = 1;
    way.tunnels[0] = {packet::TunnelKind::vxlan, true, identifier, IpAddress::v4(from), IpAddress::v4(to)};
    return way;
  };
  const std::array outward{packet::WayIn{}, vlan(1), vlan(2), tunnel(7, 1, 2), tunnel(8, 1, 2)};
  const std::array inward{packet::WayIn{}, vlan(1), vlan(2), tunnel(7, 2, 1), tunnel(8, 2, 1)};
  const auto way_of = [](const packet::WayIn& way) { return way.plain() ? nullptr : &way; };
  for (std::size_t i = 0; i < outward.size(); ++i) {
    const auto at = Duration(i * 1us);
    wire.send(at, wire.make(true, control::syn, kClientIsn + static_cast<std::uint32_t>(i), 0), way_of(outward[i]));
  }
  for (std::size_t i = 0; i < outward.size(); ++i) {
    const std::uint32_t isn = kClientIsn + static_cast<std::uint32_t>(i);
    wire.send(1ms, wire.make(false, kSynAck, kServerIsn, isn + 1), way_of(inward[i]));
    wire.send(2ms, wire.make(true, control::ack, isn + 1, kServerIsn + 1), way_of(outward[i]));
  }
  REQUIRE(wire.told.size() == outward.size());
  CHECK_FALSE(wire.told[0].way.has_value());
  CHECK(to_string(*wire.told[2].way) == "vlan 2");
  CHECK(to_string(*wire.told[4].way) == "vxlan 8 (0.0.0.1 to 0.0.0.2)");
  CHECK(wire.tracker.counts().connections == outward.size());
}

TEST_CASE("which of several SYNs was answered is ambiguous, unless the timestamps tell") {
  const auto with_timestamps = [](packet::FlowSegment segment, std::array<std::uint8_t, 10>& bytes, std::uint8_t value,
                                  std::uint8_t echo) {
    bytes = {8, 10, 0, 0, 0, value, 0, 0, 0, echo};
    segment.options = bytes;
    return segment;
  };
  Wire wire;
  std::array<std::uint8_t, 10> bytes{};
  std::uint8_t echo = 0;
  SUBCASE("no timestamps") {
    wire.c(0ms, control::syn, kClientIsn);
    wire.c(1000ms, control::syn, kClientIsn);
    wire.s(1030ms, kSynAck, kServerIsn, kClientIsn + 1);
  }
  SUBCASE("the first was") { echo = 10; }
  SUBCASE("the second was") { echo = 20; }
  if (echo != 0) {
    wire.send(0ms, with_timestamps(wire.make(true, control::syn, kClientIsn, 0), bytes, 10, 0));
    wire.send(1000ms, with_timestamps(wire.make(true, control::syn, kClientIsn, 0), bytes, 20, 0));
    wire.send(1030ms, with_timestamps(wire.make(false, kSynAck, kServerIsn, kClientIsn + 1), bytes, 99, echo));
  }
  wire.c(1031ms, control::ack, kClientIsn + 1, kServerIsn + 1);
  REQUIRE(wire.only() == ObservedOutcome::established);
  const ObservedRoundTrip& time = *wire.told[0].server_side;
  CHECK(time.shortest == (echo == 10 ? 1030ms : 30ms));
  CHECK(time.longest == (echo == 20 ? 30ms : 1030ms));
  CHECK(time.ambiguous() == (echo == 0));
}

TEST_CASE("the same endpoints again are a new connection") {
  Wire wire;
  wire.handshake();
  wire.c(20ms, control::syn, kClientIsn + 100'000);  // the old one's end was not seen
  wire.s(30ms, kSynAck, kServerIsn + 100'000, kClientIsn + 100'001);
  wire.c(31ms, control::ack, kClientIsn + 100'001, kServerIsn + 100'001);
  CHECK(wire.told.size() == 2);
  CHECK(wire.tracker.counts().connections == 2);
  CHECK(wire.tracker.counts().not_closed == 1);
  CHECK(wire.tracker.counts().syn_retransmissions == 0);
}

TEST_CASE("a SYN that carries data is acknowledged with or without it") {
  for (const std::uint32_t accepted : {0U, 5U}) {
    Wire wire;
    wire.c(0ms, control::syn, kClientIsn, 0, 5);
    wire.s(1ms, kSynAck, kServerIsn, kClientIsn + 1 + accepted);
    wire.c(2ms, control::ack, kClientIsn + 6, kServerIsn + 1);
    CHECK(wire.only() == ObservedOutcome::established);
  }
}

TEST_CASE("what began before the capture is partial, and lone resets are nothing") {
  Wire wire;
  wire.c(0ms, control::ack, 100, 200, 50);
  wire.s(1ms, control::ack, 200, 150, 10);
  wire.client_port = 50001;
  wire.s(2ms, control::rst, 77);
  wire.tracker.finish();
  CHECK(wire.only() == ObservedOutcome::partial);
  CHECK(wire.tracker.counts().stray_resets == 1);
  CHECK(wire.tracker.counts().connections == 1);
}

TEST_CASE("data sent again is counted, keepalives and new data are not") {
  Wire wire;
  wire.handshake();
  wire.c(20ms, control::ack, kClientIsn + 1, kServerIsn + 1, 80);
  wire.c(240ms, control::ack, kClientIsn + 1, kServerIsn + 1, 80);
  wire.c(250ms, control::ack, kClientIsn + 81, kServerIsn + 1, 20);
  wire.c(60s, control::ack, kClientIsn + 100, kServerIsn + 1, 1);  // the last byte again: a keepalive
  CHECK(wire.tracker.counts().data_retransmissions == 1);
}

TEST_CASE("a flood of SYNs takes the room of half-open connections, never of established ones") {
  constexpr std::size_t kMost = 64;
  Wire wire(kMost);
  wire.handshake();
  for (std::uint16_t port = 1; port <= 10'000; ++port) {
    wire.client_port = port;
    wire.c(20ms + port * 1us, control::syn, port);
    CHECK(wire.tracker.size() <= kMost);
  }
  CHECK(wire.tracker.counts().evicted_opening >= 10'000 - kMost);
  CHECK(wire.tracker.counts().evicted_established == 0);
  CHECK(std::ranges::count_if(wire.told, &ObservedHandshake::evicted) >= 10'000 - static_cast<long>(kMost));
  wire.client_port = 50000;
  wire.c(1s, control::fin | control::ack, kClientIsn + 1, kServerIsn + 1);
  wire.s(1s, control::fin | control::ack, kServerIsn + 1, kClientIsn + 2);
  CHECK(wire.tracker.counts().closed == 1);
}

TEST_CASE("an ICMP error is the SYN's that it quotes") {
  Wire wire;
  wire.c(0ms, control::syn, kClientIsn);
  std::vector<std::uint8_t> quote{0x45, 0, 0,   40,  0, 1, 0x40, 0,    64,   6,    0,    0,    10,   0,
                                  0,    1, 192, 168, 0, 1, 0xc3, 0x50, 0x01, 0xbb, 0xff, 0xff, 0xff, 0xf0};
  std::vector<std::uint8_t> packet{0x45, 0, 0,  0, 0, 9, 0, 0,  60, 1, 0, 0, 10, 9,
                                   9,    9, 10, 0, 0, 1, 3, 13, 0,  0, 0, 0, 0,  0};
  const auto icmp_for = [&] {
    std::vector<std::uint8_t> bytes = packet;
    bytes.insert(bytes.end(), quote.begin(), quote.end());
    bytes[3] = static_cast<std::uint8_t>(bytes.size());
    return bytes;
  };
  SUBCASE("it ends the handshake when nothing follows") {
    const std::vector<std::uint8_t> bytes = icmp_for();
    wire.tracker.on_icmp(packet::decode_ip(bytes), wire.start + 4ms);
    wire.tracker.advance(wire.start + 4s);
    CHECK(wire.only() == ObservedOutcome::unreachable);
    CHECK(to_string(wire.told[0].icmp->sender) == "10.9.9.9");
    CHECK(to_string(wire.told[0].icmp->header) == "administratively prohibited");
  }
  SUBCASE("one that is seen twice is one") {
    const std::vector<std::uint8_t> bytes = icmp_for();
    for (const Duration at : {4ms, 4ms}) wire.tracker.on_icmp(packet::decode_ip(bytes), wire.start + at);
    CHECK(wire.tracker.counts().icmp_errors == 1);
  }
  SUBCASE("a client that goes on all the same is waited for") {
    const std::vector<std::uint8_t> bytes = icmp_for();
    wire.tracker.on_icmp(packet::decode_ip(bytes), wire.start + 4ms);
    for (const int second : {1, 3, 7}) wire.c(std::chrono::seconds(second), control::syn, kClientIsn);
    wire.s(7010ms, kSynAck, kServerIsn, kClientIsn + 1);
    wire.c(7011ms, control::ack, kClientIsn + 1, kServerIsn + 1);
    CHECK(wire.only() == ObservedOutcome::established);
    CHECK(wire.told[0].syn_count == 4);
  }
  SUBCASE("a SYN-ACK that comes all the same counts more") {
    const std::vector<std::uint8_t> bytes = icmp_for();
    wire.tracker.on_icmp(packet::decode_ip(bytes), wire.start + 4ms);
    wire.s(10ms, kSynAck, kServerIsn, kClientIsn + 1);
    wire.c(11ms, control::ack, kClientIsn + 1, kServerIsn + 1);
    CHECK(wire.only() == ObservedOutcome::established);
    CHECK(wire.told[0].icmp_count == 1);
  }
  SUBCASE("one that quotes another sequence number is forged or old") {
    quote.back() = 0;
    const std::vector<std::uint8_t> bytes = icmp_for();
    wire.tracker.on_icmp(packet::decode_ip(bytes), wire.start + 4ms);
    wire.tracker.finish();
    CHECK(wire.only() == ObservedOutcome::unanswered);
  }
}

TEST_CASE("a tracker that tells gists tells the same handshakes, one by one, by way of a thread too") {
  Wire wire;
  HandshakeTracker brief({1000, 42, true}, wire);
  HandshakeTracker apart({1000, 42, true}, wire);
  TrackerThread thread(apart);
  auto batch = std::make_unique<SegmentBatch>(apart.hasher());
  std::vector<HandshakeGist> from_thread;
  std::mt19937 random(7);
  const auto pick = [&](std::uint32_t below) { return static_cast<std::uint32_t>(random() % below); };
  constexpr std::uint16_t kBits[] = {
      control::syn, kSynAck, control::ack, control::rst, control::rst | control::ack, control::fin | control::ack};
  Duration at{};
  for (int i = 0; i < 80 * static_cast<int>(SegmentBatch::kMost); ++i) {
    at += pick(40) == 0 ? Duration(3s) : Duration(1ms * pick(20));
    const bool from_client = pick(2) == 0;
    wire.client_port = static_cast<std::uint16_t>(1000 + pick(12));
    const std::uint32_t own = from_client ? kClientIsn : kServerIsn;
    const std::uint32_t other = from_client ? kServerIsn : kClientIsn;
    const std::uint16_t bits = kBits[pick(std::size(kBits))];
    const std::uint32_t after = (bits & control::syn) != 0 ? 0 : 1;
    const auto segment = wire.make(from_client, bits, own + after + 7 * pick(2), other + 1, pick(2) * 100);
    batch->add(segment, wire.start + at);
    if (!batch->full()) continue;
    wire.tracker.follow(*batch);
    brief.follow(*batch);
    batch = thread.give(std::move(batch));
    from_thread.insert(from_thread.end(), batch->gists().begin(), batch->gists().end());
    batch->gists().clear();
  }
  wire.tracker.finish();
  brief.finish();
  std::vector<HandshakeGist> gists;
  brief.take_gists(gists);
  CHECK(gists.size() > 1000);
  REQUIRE(gists.size() == wire.told.size());
  for (std::size_t i = 0; i < gists.size(); ++i) CHECK(gists[i] == gist_of(wire.told[i]));
  thread.stop();
  thread.take_gists(from_thread);
  apart.finish();
  apart.take_gists(from_thread);
  const auto by_what_they_say = [](const HandshakeGist& gist) {
    return std::tuple(gist.client.low, gist.outcome, gist.server_side, gist.client_side, gist.retransmitted);
  };
  std::ranges::sort(gists, {}, by_what_they_say);  // batches come back in their own order
  std::ranges::sort(from_thread, {}, by_what_they_say);
  CHECK(from_thread == gists);
}

TEST_CASE("a summary counts outcomes, servers and clients") {
  PassiveSummary summary(1);
  ObservedHandshake handshake;
  handshake.client = {IpAddress::v4(1), 1000};
  handshake.server = {IpAddress::v4(2), 80};
  handshake.outcome = ObservedOutcome::established;
  for (int i = 1; i <= 100; ++i) {
    handshake.server_side = ObservedRoundTrip{i * 1ms, i * 1ms};
    summary.add(gist_of(handshake));
  }
  handshake.server.port = 81;
  handshake.outcome = ObservedOutcome::refused;
  handshake.server_side = ObservedRoundTrip{1ms, 2ms};
  summary.add(gist_of(handshake));
  summary.flush();
  CHECK(summary.outcomes().of(ObservedOutcome::established) == 100);
  CHECK(summary.ambiguous() == 1);
  CHECK(summary.server_side().count() == 100);
  CHECK(summary.server_side().percentile(0.5) > 45ms);
  CHECK(summary.server_side().percentile(0.5) < 56ms);
  CHECK(summary.server_side().percentile(1) == 100ms);
  const auto servers = summary.top_servers(5);
  REQUIRE(servers.size() == 2);
  CHECK(servers[0].endpoint.port == 80);
  CHECK(servers[1].tally->outcomes.failed() == 1);
  CHECK(summary.top_clients(5).at(0).tally->handshakes == 101);
}

TEST_CASE("what is heavy survives when rare keys are forgotten") {
  struct Hash {
    explicit Hash(std::uint64_t) {}
    std::size_t operator()(int key) const { return static_cast<std::size_t>(key) * 2654435761U; }
  };
  struct Count {
    std::uint64_t value = 0;
    [[nodiscard]] std::uint64_t weight() const { return value; }
  };
  TallyTable<int, Count, Hash> table(100, 0);
  for (int i = 0; i < 100'000; ++i) {
    ++table.at(i + 10).value;
    if (i % 10 == 0) ++table.at(1).value;
  }
  CHECK(table.size() <= 100);
  CHECK(table.forgotten() > 90'000);
  CHECK(table.heaviest(1).at(0)->key == 1);
  CHECK(table.heaviest(1).at(0)->value.value == 10'000);
}

TEST_CASE("what comes after the end belongs to what has ended") {
  Wire wire;
  wire.handshake();
  wire.c(20ms, control::fin | control::ack, kClientIsn + 1, kServerIsn + 1);
  wire.s(30ms, control::fin | control::ack, kServerIsn + 1, kClientIsn + 2);
  wire.c(31ms, control::ack, kClientIsn + 2, kServerIsn + 2);
  CHECK(wire.tracker.size() == 0);
  wire.s(3s, control::fin | control::ack, kServerIsn + 1, kClientIsn + 2);
  wire.c(3s, control::ack, kClientIsn + 2, kServerIsn + 2);
  wire.c(4s, control::syn, kClientIsn + 100'000);  // but a SYN begins anew
  wire.tracker.finish();
  CHECK(wire.tracker.counts().connections == 2);
  CHECK(wire.told.size() == 2);
}

TEST_CASE("a time to the client is that of the third segment, or none") {
  Wire wire;
  wire.c(0ms, control::syn, kClientIsn);
  wire.s(10ms, kSynAck, kServerIsn, kClientIsn + 1);
  SUBCASE("what was sent with the acknowledgment was not seen") {
    wire.c(700ms, control::ack, kClientIsn + 101, kServerIsn + 50);
    CHECK(wire.only() == ObservedOutcome::established);
    CHECK_FALSE(wire.told[0].client_side.has_value());
  }
  SUBCASE("data rides on it") {
    wire.c(11ms, control::ack, kClientIsn + 1, kServerIsn + 1, 100);
    CHECK(wire.told.at(0).client_side->shortest == 1ms);
  }
}

TEST_CASE("a SYN-ACK that is repeated long after is no copy, whoever spoke in between") {
  Wire wire;
  packet::FlowSegment answer = wire.make(false, kSynAck, kServerIsn, kClientIsn + 1);
  answer.identification = 0;
  wire.c(0ms, control::syn, kClientIsn);
  wire.send(5ms, answer);
  wire.c(1000ms, control::syn, kClientIsn);
  wire.send(1000ms + 100us, answer);
  CHECK(wire.tracker.counts().duplicates == 0);
  CHECK(wire.tracker.counts().syn_ack_retransmissions == 1);
}

TEST_CASE("a reset that came before is about the SYN that it acknowledges, and no other") {
  Wire wire;
  wire.s(0s, control::rst | control::ack, 0, kClientIsn + 500);
  wire.handshake(60s);
  CHECK(wire.only() == ObservedOutcome::established);
}

TEST_CASE("a blind reset ends nothing") {
  Wire wire;
  wire.handshake();
  wire.s(20ms, control::rst, kServerIsn + 0x60000000);
  wire.c(30ms, control::fin | control::ack, kClientIsn + 1, kServerIsn + 1);
  wire.s(40ms, control::fin | control::ack, kServerIsn + 1, kClientIsn + 2);
  CHECK(wire.tracker.counts().reset_by_server == 0);
  CHECK(wire.tracker.counts().closed == 1);
}

TEST_CASE("a reset whose data was not seen counts where the other side expects it") {
  Wire wire;
  wire.handshake();
  wire.c(20ms, control::ack, kClientIsn + 1, kServerIsn + 0x08000000);  // much was taken, nothing of it seen
  wire.s(30ms, control::rst, kServerIsn + 0x08000000);
  CHECK(wire.tracker.counts().reset_by_server == 1);
}

TEST_CASE("the answer to a stale acknowledgment is not the end (RFC 9293 §3.5.1)") {
  Wire wire;
  wire.c(0ms, control::syn, kClientIsn);
  wire.s(1ms, control::ack, 77, 88);  // the server remembers an older connection
  wire.c(2ms, control::rst, 88);      // which the client does not know
  wire.c(1000ms, control::syn, kClientIsn);
  wire.s(1010ms, kSynAck, kServerIsn, kClientIsn + 1);
  wire.c(1011ms, control::ack, kClientIsn + 1, kServerIsn + 1);
  CHECK(wire.only() == ObservedOutcome::established);
}

TEST_CASE("a refusal, then the next attempt: the same SYN is a retransmission, another one is another connection") {
  Wire wire;
  wire.c(0ms, control::syn, kClientIsn);
  wire.s(1ms, control::rst | control::ack, 0, kClientIsn + 1);
  SUBCASE("the same") {
    wire.c(500ms, control::syn, kClientIsn);
    wire.s(501ms, control::rst | control::ack, 0, kClientIsn + 1);
    wire.tracker.finish();
    CHECK(wire.told.size() == 1);
    CHECK(wire.tracker.counts().syn_retransmissions == 1);
  }
  SUBCASE("another, whose SYN-ACK stands before it") {
    wire.s(1s + 10us, kSynAck, kServerIsn, kClientIsn + 100'001);
    wire.c(1s + 20us, control::syn, kClientIsn + 100'000);
    wire.c(1s + 30us, control::ack, kClientIsn + 100'001, kServerIsn + 1);
    REQUIRE(wire.told.size() == 2);
    CHECK(wire.told[1].outcome == ObservedOutcome::established);
  }
}

TEST_CASE("a file without times is counted like any other") {
  Wire wire;
  wire.start = WallTime{};
  for (const std::uint32_t isn : {1000U, 500'000U, 900'000U}) wire.c(0ms, control::syn, isn);
  wire.tracker.finish();
  CHECK(wire.told.size() == 3);
  CHECK(wire.tracker.counts().syn_retransmissions == 0);
}

TEST_CASE("what waited too long is over, whether or not something looked in between") {
  Wire wire;
  wire.tracker.on_segment(wire.make(true, control::syn, kClientIsn, 0), wire.start);
  wire.tracker.on_segment(wire.make(false, kSynAck, kServerIsn, kClientIsn + 1), wire.start + 1000s);
  wire.tracker.finish();
  CHECK(wire.told.at(0).outcome == ObservedOutcome::unanswered);
}

TEST_CASE("one packet from the future ends nothing, and time goes on after it") {
  Wire wire;
  SegmentBatch batch(wire.tracker.hasher());
  const auto add = [&](Duration at, const packet::FlowSegment& segment) { batch.add(segment, wire.start + at); };
  add(0ms, wire.make(true, control::syn, kClientIsn, 0));
  packet::FlowSegment stray = wire.make(true, control::ack, 1, 2);
  stray.source_port = 1;
  add(1'000'000s, stray);
  add(10ms, wire.make(false, kSynAck, kServerIsn, kClientIsn + 1));
  add(11ms, wire.make(true, control::ack, kClientIsn + 1, kServerIsn + 1));
  wire.tracker.follow(batch);
  CHECK(wire.only() == ObservedOutcome::established);
}

TEST_CASE("no address makes endpoints collide for every seed") {
  const auto hash = [](std::uint64_t seed, std::uint64_t low) {
    const ConnectionKey key{{0, low}, {0x20010db8'00000000, 0xa0761d64'78bd642f}, 1, 2, 0};
    return ConnectionHasher(seed)(key);
  };
  for (const std::uint64_t seed : {0ULL, 1ULL, 0x123456789abcdefULL}) {
    std::vector<std::uint32_t> hashes;
    for (std::uint64_t low = 0; low < 1000; ++low) hashes.push_back(hash(seed, low));
    std::ranges::sort(hashes);
    CHECK(std::ranges::unique(hashes).begin() - hashes.begin() > 990);
  }
}
