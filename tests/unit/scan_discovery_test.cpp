// SPDX-License-Identifier: MIT
#include "libtcp/scan/discovery.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "libtcp/scan/echo_codec.hpp"
#include "tests/unit/scan_script.hpp"

using namespace scripted;
using namespace std::chrono_literals;

namespace {

IpAddress host(unsigned number) { return IpAddress::v4(0x0a000000 + number); }

// 10.0.0.1 to 10.0.0.99; the first nine are on the link.
const TargetSet& targets() {
  static const TargetSet set = *TargetSet::make({{host(1), host(99)}});
  return set;
}

DiscoveryPlan plan() {
  DiscoveryPlan plan;
  plan.own = *TargetSet::make({{host(1), host(1)}});
  plan.on_link = *TargetSet::make({{host(2), host(9)}});
  plan.elsewhere = *TargetSet::make({{host(10), host(99)}});
  return plan;
}

DiscoveryOptions options() {
  DiscoveryOptions options;
  options.exact_rate = 10'000;
  options.seed = 3;
  return options;
}

unsigned number_of(const Probe& probe) { return probe.target.address.to_v4() & 0xff; }

struct Place {
  ManualClock clock;
  ScriptedNetwork neighbours{clock, [](ScriptedNetwork& network, const Probe& probe) {
                               if (number_of(probe) == 2) network.answer(probe, AnswerKind::presence, 1ms);
                               if (number_of(probe) > 3) {
                                 network.answer(probe, AnswerKind::not_sent, 3s).error_number = EHOSTUNREACH;
                               }
                             }};
  ScriptedNetwork echo{clock, [](ScriptedNetwork& network, const Probe& probe) {
                         if (number_of(probe) == 20) network.answer(probe, AnswerKind::presence, 5ms);
                         if (number_of(probe) == 21 && probe.attempt == 1) {
                           network.answer(probe, AnswerKind::presence, 5ms);
                         }
                         if (number_of(probe) == 22) icmp(network, probe, 1, host(254));
                         if (number_of(probe) == 23) icmp(network, probe, 13, host(254));
                         if (number_of(probe) == 24) icmp(network, probe, 13, host(24));
                       }};
  ScriptedNetwork tcp{clock, [](ScriptedNetwork& network, const Probe& probe) {
                        if (number_of(probe) == 30 && probe.target.port == 22) {
                          network.answer(probe, AnswerKind::syn_ack, 5ms);
                        }
                        if (number_of(probe) == 31) network.answer(probe, AnswerKind::rst, 5ms);
                      }};
  Results observer;

  static void icmp(ScriptedNetwork& network, const Probe& probe, std::uint8_t code, const IpAddress& sender) {
    Answer& answer = network.answer(probe, AnswerKind::icmp, 5ms);
    answer.icmp = {Family::v4, 3, code, 0, 0};
    answer.sender = sender;
  }

  Discovery find(const DiscoveryOptions& how = options(), bool with_echo = true) {
    auto found = discover(targets(), plan(), how, {&neighbours, with_echo ? &echo : nullptr, &tcp}, clock, observer);
    REQUIRE(found);
    return std::move(*found);
  }
};

HostFinding finding(const Discovery& discovery, unsigned number) {
  HostFinding finding = discovery.hosts[number - 1];
  finding.host = host(number);
  return finding;
}

std::set<unsigned> asked(const ScriptedNetwork& network) {
  std::set<unsigned> numbers;
  for (const Sent& sent : network.sent) numbers.insert(number_of(sent.probe));
  return numbers;
}

}  // namespace

TEST_CASE("each kind of answer tells what it can, and no more") {
  Place place;
  const Discovery found = place.find();
  const std::map<unsigned, std::pair<HostEvidence, std::string>> expected{
      {1, {HostEvidence::own_address, "an address of this host"}},
      {2, {HostEvidence::neighbour, "answers ARP"}},
      {4, {HostEvidence::no_neighbour, "nobody answers ARP for it"}},
      {20, {HostEvidence::echo_reply, "echo-reply"}},
      {21, {HostEvidence::echo_reply, "echo-reply"}},
      {22, {HostEvidence::unreachable, "icmp host unreachable from 10.0.0.254"}},
      {23, {HostEvidence::icmp_from_other, "no answer from it, but icmp administratively prohibited from 10.0.0.254"}},
      {24, {HostEvidence::icmp_error, "icmp administratively prohibited from 10.0.0.24"}},
      {30, {HostEvidence::syn_ack, "syn-ack"}},
      {31, {HostEvidence::rst, "rst"}},
  };
  for (const auto& [number, what] : expected) {
    CAPTURE(number);
    CHECK(finding(found, number).evidence == what.first);
    CHECK(explain(finding(found, number)) == what.second);
  }
  const HostFinding silent = finding(found, 40);
  CHECK(silent.state() == HostState::silent);
  CHECK(silent.echo_requests >= 2);
  CHECK(silent.tcp_tries >= 2);
  CHECK(explain(silent).starts_with("no answer to " + std::to_string(silent.echo_requests) +
                                    " echo requests and 3 TCP probes, each sent "));
  CHECK(found.complete);
  CHECK(found.hosts.count(HostState::alive) == 7);
  CHECK(found.hosts.count(HostState::down) == 7);
  CHECK(found.hosts.count(HostState::unknown) == 0);
  CHECK(found.probes_sent == place.neighbours.sent.size() + place.echo.sent.size() + place.tcp.sent.size());
}

TEST_CASE("nobody is asked who has answered, and neighbours are asked for nothing else when that tells") {
  Place place;
  (void)place.find();
  CHECK(asked(place.neighbours) == std::set<unsigned>{2, 3, 4, 5, 6, 7, 8, 9});
  CHECK_FALSE(asked(place.echo).contains(2));
  const std::set<unsigned> by_tcp = asked(place.tcp);
  for (const unsigned number : {1U, 2U, 4U, 20U, 21U, 22U, 24U}) CHECK_FALSE(by_tcp.contains(number));
  CHECK(by_tcp.contains(3));  // its link-layer address stayed unknown
  CHECK(by_tcp.contains(23));
  // What was answered is not asked again on another port, but for what was under way.
  std::map<std::uint16_t, unsigned> tries;
  for (const Sent& sent : place.tcp.sent) tries[sent.probe.target.port] += number_of(sent.probe) == 31 ? 1U : 0U;
  for (const auto& [port, count] : tries) CHECK(count <= 1);
}

TEST_CASE("who is left out are the silent and the down") {
  Place place;
  const LeftOut left_out = place.find().hosts.left_out();
  CHECK(left_out.hosts.size() == 99);
  CHECK(left_out.hosts.count() == 92);
  CHECK(left_out.down == 7);
  CHECK(left_out.hosts.contains(22 - 1));
  CHECK_FALSE(left_out.hosts.contains(20 - 1));
}

TEST_CASE("who answered earlier is neither asked nor left out") {
  Place place;
  DiscoveryOptions how = options();
  how.answered_earlier = {host(50), host(200)};
  const Discovery found = place.find(how);
  CHECK(finding(found, 50).evidence == HostEvidence::answered_earlier);
  CHECK_FALSE(asked(place.echo).contains(50));
}

TEST_CASE("where silence alone tells nothing, nobody is silent unless somebody answers") {
  DiscoveryOptions how = options();
  how.lone_silence_counts = false;
  Place place;
  const Discovery some = place.find(how, false);
  CHECK_FALSE(some.told_nothing);
  CHECK(finding(some, 40).state() == HostState::silent);
  CHECK(finding(some, 40).echo_requests == 0);
  CHECK(explain(finding(some, 40)).starts_with("no answer to 3 TCP probes, each sent "));

  Place quiet;
  ScriptedNetwork nobody(quiet.clock, [](ScriptedNetwork&, const Probe&) {});
  const auto none =
      discover(targets(), plan(), how, {&quiet.neighbours, nullptr, &nobody}, quiet.clock, quiet.observer);
  REQUIRE(none);
  CHECK(none->told_nothing);
  CHECK(none->hosts.count(HostState::silent) == 0);
  CHECK(none->hosts.count(HostState::down) == 6);  // what the link says stays true
}

TEST_CASE("a search that is stopped says so, and asks nothing more") {
  class Impatient final : public Observer {
    void on_result(const PortResult&) override {}
    bool stop_requested() override { return true; }
  } impatient;
  Place place;
  const auto found =
      discover(targets(), plan(), options(), {&place.neighbours, &place.echo, &place.tcp}, place.clock, impatient);
  REQUIRE(found);
  CHECK_FALSE(found->complete);
  CHECK(place.echo.sent.empty());
  CHECK(place.tcp.sent.empty());
}

TEST_CASE(
    "a scan leaves hosts out, wherever they stand in its order, and its shards and checkpoints stay what they are") {
  std::map<Endpoint, int> probes;
  LeftOut left_out{HostSet(99), 0};
  for (std::uint64_t i = 0; i < 99; ++i) {
    if (i % 10 != 0) left_out.hosts.insert(i);
  }
  std::uint64_t passed_over = 0;
  for (std::uint32_t part = 0; part < 3; ++part) {
    ScanOptions scan;
    scan.space = *ProbeSpace::make(targets(), {1, 2, 3, 4, 5});
    scan.technique = find_technique("syn");
    scan.exact_rate = 10'000;
    scan.seed = 9;
    scan.shard = {part, 3};
    scan.left_out = &left_out;
    scan.checkpoint_every = 1s;
    ManualClock clock;
    ScriptedNetwork network(clock,
                            [](ScriptedNetwork& n, const Probe& probe) { n.answer(probe, AnswerKind::rst, 5ms); });
    struct Keeper final : Observer {
      void on_result(const PortResult&) override {}
      void on_checkpoint(const Checkpoint& checkpoint) override { last = checkpoint; }
      Checkpoint last;
    } keeper;
    const auto summary = tcp::scan::run(scan, clock, network, keeper);
    REQUIRE(summary);
    for (const Sent& sent : network.sent) ++probes[sent.probe.target];
    passed_over += summary->counts.left_out;
    CHECK(summary->counts.pairs == summary->counts.closed + summary->counts.left_out);
    REQUIRE(keeper.last.left_out);
    const auto again = parse_checkpoint(serialize(keeper.last));
    REQUIRE_MESSAGE(again, again.error().message());
    CHECK(*again == keeper.last);
    CHECK(again->counts.left_out == summary->counts.left_out);
  }
  CHECK(passed_over == 89 * 5);
  CHECK(probes.size() == 10 * 5);
  for (const auto& [target, count] : probes) {
    CHECK(count == 1);
    CHECK(*targets().index_of(target.address) % 10 == 0);
  }
}

TEST_CASE("a checkpoint whose hosts do not fit is none") {
  Checkpoint checkpoint;
  checkpoint.pairs = 40;
  checkpoint.counts.pairs = 40;
  checkpoint.left_out = LeftOut{HostSet(8), 1};
  checkpoint.left_out->hosts.insert(0);
  checkpoint.left_out->hosts.insert(7);
  CHECK(parse_checkpoint(serialize(checkpoint)));
  Checkpoint odd = checkpoint;
  odd.pairs = 41;
  CHECK_FALSE(parse_checkpoint(serialize(odd)));
  odd = checkpoint;
  odd.left_out->down = 3;
  CHECK_FALSE(parse_checkpoint(serialize(odd)));
  odd = checkpoint;
  odd.counts.left_out = 41;
  CHECK_FALSE(parse_checkpoint(serialize(odd)));
}

TEST_CASE("an echo reply proves itself, and so does an error that quotes a request") {
  const EchoCodec codec({1, 2});
  for (const char* text : {"192.0.2.7", "2001:db8::7"}) {
    const IpAddress target = *parse_ip_address(text);
    const bool v4 = target.is_v4();
    for (const int number : {0, 1, 14}) {
      const auto attempt = static_cast<std::uint8_t>(number);
      EchoCodec::Request reply = codec.make_request(target, attempt);
      CHECK_FALSE(codec.read(target, reply));  // a request is no answer
      reply[0] = v4 ? 0 : 129;
      const auto answer = codec.read(target, reply);
      REQUIRE(answer);
      CHECK(answer->kind == AnswerKind::presence);
      CHECK(answer->target == Endpoint{target, kEchoPort});
      CHECK(answer->attempt == attempt);
      CHECK_FALSE(EchoCodec({1, 3}).read(target, reply));
      CHECK_FALSE(codec.read(v4 ? host(9) : *parse_ip_address("2001:db8::8"), reply));
      for (const std::size_t byte : {0U, 1U, 7U, 8U, 15U}) {
        EchoCodec::Request changed = reply;
        changed[byte] ^= 0x10;
        CHECK_FALSE(codec.read(target, changed));
      }
      CHECK_FALSE(codec.read(target, std::span(reply).first(15)));
    }
  }
}

TEST_CASE("of an ICMP error eight quoted bytes of an echo request are enough") {
  const EchoCodec codec({1, 2});
  const IpAddress target = IpAddress::v4(0xc0000207);
  const IpAddress router = IpAddress::v4(0xc00002fe);
  const EchoCodec::Request request = codec.make_request(target, 2);
  std::vector<std::uint8_t> error{3, 1, 0,  0, 0, 0, 0,  0, 0x45, 0, 0,   36, 0, 0,
                                  0, 0, 64, 1, 0, 0, 10, 0, 0,    1, 192, 0,  2, 7};
  error.insert(error.end(), request.begin(), request.begin() + 8);
  const auto answer = codec.read(router, error);
  REQUIRE(answer);
  CHECK(answer->kind == AnswerKind::icmp);
  CHECK(answer->target.address == target);
  CHECK(answer->sender == router);
  CHECK(answer->attempt == 2);
  for (const std::size_t byte : {17U, 27U, 28U, 32U, 33U, 34U}) {
    std::vector<std::uint8_t> changed = error;
    changed[byte] ^= 0x20;
    CHECK_FALSE(codec.read(router, changed));
  }
}
