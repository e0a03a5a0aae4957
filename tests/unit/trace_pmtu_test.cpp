// SPDX-License-Identifier: MIT
// The search for the path MTU, and a whole run over a scripted path and a clock that is moved by hand.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>

#include "libtcp/packet/build.hpp"
#include "libtcp/trace/black_hole.hpp"
#include "libtcp/trace/pmtu_search.hpp"
#include "libtcp/trace/run_pmtu.hpp"

using namespace tcp;
using namespace tcp::trace;
using namespace std::chrono_literals;
namespace control = tcp::packet::control;

namespace {

// Until the end, over a path that lets `path` bytes through; returns how many packets it took.
unsigned drive(MtuSearch& search, std::uint32_t path, const std::function<bool(std::uint32_t)>& tell = {}) {
  unsigned packets = 0;
  while (const auto size = search.next()) {
    REQUIRE(++packets < 200);
    search.sent(*size);
    if (*size <= path) {
      search.passed(*size);
    } else if (!tell || !tell(*size)) {
      search.unanswered(*size);
    }
  }
  return packets;
}

constexpr MtuSearchOptions kLimits{.least = 60, .most = 1500, .tries = 3};

}  // namespace

TEST_CASE("the largest comes through") {
  MtuSearch search(kLimits);
  CHECK(drive(search, 1500) == 1);
  CHECK(search.mtu() == 1500);
  CHECK(!search.black_hole());
}

TEST_CASE("every size is found by loss alone, and is a black hole") {
  for (std::uint32_t path = 61; path < 1500; ++path) {
    MtuSearch search(kLimits);
    drive(search, path);
    CHECK(search.mtu() == path);
    CHECK(search.black_hole());
  }
}

TEST_CASE("a router's word is tried and then believed") {
  MtuSearch search(kLimits);
  const auto tell = [&search](std::uint32_t size) {
    return search.told({.sender = {}, .size = size, .mtu = 1400, .plausible = true});
  };
  CHECK(drive(search, 1400, tell) == 2);
  CHECK(search.mtu() == 1400);
  CHECK(!search.black_hole());
}

TEST_CASE("a router that says too much is corrected by loss") {
  MtuSearch search(kLimits);
  const auto tell = [&search](std::uint32_t size) {
    return size > 1400 && search.told({.sender = {}, .size = size, .mtu = 1400, .plausible = true});
  };
  drive(search, 1300, tell);
  CHECK(search.mtu() == 1300);
  CHECK(search.black_hole());  // of what is lost between 1301 and 1400 nobody told
}

TEST_CASE("a router that says no size makes us look for it") {
  MtuSearch search(kLimits);
  const auto tell = [&search](std::uint32_t size) {
    return search.told({.sender = {}, .size = size, .mtu = {}, .plausible = true});
  };
  CHECK(drive(search, 1006, tell) < 15);
  CHECK(search.mtu() == 1006);
  CHECK(!search.black_hole());
}

TEST_CASE("a loss by chance is mended by the next try") {
  MtuSearch search(kLimits);
  search.sent(1500);
  search.unanswered(1500);
  CHECK(search.next() == 1500);
  search.sent(1500);
  search.passed(1500);
  CHECK(!search.next());
  CHECK(search.probes().front().sent == 2);
}

TEST_CASE("what is plausible") {
  const auto plausible = [](std::uint32_t size, std::optional<std::uint32_t> mtu, Family family) {
    return MtuSearch::is_plausible({.sender = {}, .size = size, .mtu = mtu, .plausible = true}, family);
  };
  CHECK(plausible(1500, 1499, Family::v4));
  CHECK(plausible(1500, 68, Family::v4));
  CHECK(plausible(1500, std::nullopt, Family::v4));
  CHECK(!plausible(1500, 67, Family::v4));
  CHECK(!plausible(1500, 1500, Family::v4));
  CHECK(plausible(1500, 1280, Family::v6));
  CHECK(!plausible(1500, 1279, Family::v6));
  CHECK(!plausible(1500, std::nullopt, Family::v6));
  MtuSearch search(kLimits);
  CHECK(!search.told({.sender = {}, .size = 1500, .mtu = 1600, .plausible = false}));
  CHECK(search.next() == 1500);
}

namespace {

constexpr std::uint32_t kOurIsn = 100;  // so that old sequence numbers wrap around
constexpr std::uint32_t kTheirIsn = 0xffffffff;

// Hop 1 is the narrow one: what is larger than `path` dies there.
class NarrowPath final : public PathNetwork {
 public:
  explicit NarrowPath(ManualClock& clock) : clock_(clock) {}

  Result<void> send(const FourTuple& tuple, const Segment& segment, std::size_t payload) override {
    const auto& header = segment.header;
    const std::size_t size = 40 + (segment.options.find<packet::Timestamps>() != nullptr ? 12 : 0) + payload;
    if (header.has(control::rst)) ++resets;
    if (segment.time_to_live == 1) return expire(tuple, segment, 11, 0, 0);
    if (payload != 0 && size > path) {
      return tells ? expire(tuple, segment, 3, 4, told_mtu) : Result<void>();
    }
    if (!accepts) {
      if (header.is_syn_only()) reply(tuple, control::rst | control::ack, 0, kOurIsn + 1);
      return {};
    }
    if (header.is_syn_only()) {
      Segment answer = theirs(control::syn | control::ack, kTheirIsn, kOurIsn + 1);
      if (!plain) {
        answer.options = {packet::MaximumSegmentSize{1460}, packet::SackPermitted{}, packet::Timestamps{9, 0}};
      }
      arrive(PathObservation::Theirs{tuple, answer});
    } else if (header.has(control::fin)) {
      reply(tuple, control::ack, kTheirIsn + 1, kOurIsn + 2);
      if (closes) reply(tuple, control::fin | control::ack, kTheirIsn + 1, kOurIsn + 2);
    } else if (payload != 0) {
      ++duplicates;
      CHECK(header.sequence + static_cast<std::uint32_t>(payload) ==
            kOurIsn + 1);  // nothing new: the application gets nothing
      duplicate(tuple, segment);
    }
    return {};
  }

  Result<std::optional<PathObservation>> receive(MonotonicTime deadline) override {
    if (queue_.empty() || queue_.front().at > deadline) {
      clock_.set(std::max(deadline, clock_.now()));
      return std::nullopt;
    }
    clock_.set(std::max(queue_.front().at, clock_.now()));
    PathObservation seen = queue_.front().seen;
    queue_.pop_front();
    return seen;
  }

  std::size_t path = 1500;
  bool tells = false;
  std::uint32_t told_mtu = 1400;
  bool accepts = true;
  bool closes = true;
  bool acknowledges = true;
  bool resets_duplicates = false;
  bool plain = false;           // neither SACK nor timestamps
  Duration first_delay = 10ms;  // of the first acknowledgment of a duplicate
  unsigned resets = 0;
  unsigned duplicates = 0;

 private:
  struct Arrival {
    MonotonicTime at;
    PathObservation seen;
  };

  static Segment theirs(std::uint16_t bits, std::uint32_t sequence, std::uint32_t acknowledgment) {
    Segment segment;
    segment.header.control_bits = bits;
    segment.header.sequence = sequence;
    segment.header.acknowledgment = acknowledgment;
    return segment;
  }
  void arrive(std::variant<PathObservation::Ours, PathObservation::Theirs, QuotingError> what, Duration delay = 10ms) {
    const MonotonicTime at = clock_.now() + delay;
    queue_.insert(std::ranges::upper_bound(queue_, at, {}, &Arrival::at), {at, {clock_.wall_now(), std::move(what)}});
  }
  void reply(const FourTuple& tuple, std::uint16_t bits, std::uint32_t sequence, std::uint32_t acknowledgment) {
    arrive(PathObservation::Theirs{tuple, theirs(bits, sequence, acknowledgment)});
  }
  void duplicate(const FourTuple& tuple, const Segment& segment) {
    if (resets_duplicates) return reply(tuple, control::rst, kTheirIsn + 1, 0);
    if (!acknowledges) return;
    Segment answer = theirs(control::ack, kTheirIsn + 1, kOurIsn + 1);
    packet::Sack sack;
    sack.count = 1;
    sack.blocks[0] = {segment.header.sequence, kOurIsn + 1};
    if (!plain) answer.options = {packet::Timestamps{10, 0}, sack};
    arrive(PathObservation::Theirs{tuple, answer}, std::exchange(first_delay, 10ms));
  }
  Result<void> expire(const FourTuple& tuple, const Segment& segment, std::uint8_t type, std::uint8_t code,
                      std::uint32_t rest) {
    QuotingError error;
    error.header.type = type;
    error.header.code = code;
    error.header.rest = rest;
    error.sender = IpAddress::v4(0xcb007101);
    error.quote.source = tuple.local;
    error.quote.destination = tuple.remote;
    error.quote.sequence = segment.header.sequence;
    arrive(error);
    return {};
  }

  ManualClock& clock_;
  std::deque<Arrival> queue_;
};

struct Bench {
  Bench() { clock.set(MonotonicTime(1000s)); }
  PathMtu run() {
    PathMtuOptions options;
    options.tuple = {{IpAddress::v4(0xc0000201), 40000}, {IpAddress::v4(0xc6336402), 443}};
    options.initial_sequence = kOurIsn;
    return run_pmtu(options, network, clock, stop);
  }
  ManualClock clock;
  NarrowPath network{clock};
  StopFlag stop{false};
};

}  // namespace

TEST_CASE("a run over a wide path closes in order") {
  Bench bench;
  const PathMtu result = bench.run();
  CHECK(result.outcome == MtuOutcome::found);
  CHECK(result.mtu == 1500);
  CHECK(result.closing == Closing::orderly);
  CHECK(bench.network.resets == 0);
  CHECK(bench.network.duplicates == 2);  // a small one first
}

TEST_CASE("a notice is followed") {
  Bench bench;
  bench.network.path = 1400;
  bench.network.tells = true;
  const PathMtu result = bench.run();
  CHECK(result.mtu == 1400);
  CHECK(!result.black_hole);
  REQUIRE(result.notices.size() == 1);
  CHECK(result.notices.front().mtu == 1400);
}

TEST_CASE("a notice that cannot be true is told and not followed") {
  Bench bench;
  bench.network.path = 1400;
  bench.network.tells = true;
  bench.network.told_mtu = 9000;
  const PathMtu result = bench.run();
  CHECK(result.mtu == 1400);
  CHECK(result.black_hole);
  REQUIRE(!result.notices.empty());
  CHECK(!result.notices.front().plausible);
}

TEST_CASE("a black hole lies behind the last hop that a large packet reaches") {
  Bench bench;
  bench.network.path = 1000;
  const PathMtu result = bench.run();
  CHECK(result.mtu == 1000);
  CHECK(result.black_hole);
  REQUIRE(result.last_through);
  CHECK(result.last_through->number == 1);
  REQUIRE(result.first_beyond);
  CHECK(result.first_beyond->number == 2);
}

TEST_CASE("a late answer to an earlier size is not taken for one to a larger") {
  Bench bench;
  bench.network.plain = true;
  bench.network.path = 1000;
  SUBCASE("in time") {}
  SUBCASE("late") { bench.network.first_delay = 250ms; }
  const PathMtu result = bench.run();
  CHECK(result.outcome == MtuOutcome::found);
  CHECK(result.mtu == 1000);
  CHECK(result.black_hole);
  REQUIRE(result.first_beyond);
  CHECK(result.first_beyond->number == 2);
}

TEST_CASE("a hop that answers large packets seldom is not the black hole") {
  struct Router {
    bool large;
    bool small;
  };
  const IpAddress target = IpAddress::v4(99);
  // The target is the last; what is large never gets there.
  const auto locate = [&](const std::vector<Router>& routers) {
    return locate_black_hole(
        [&](PacketSize size, std::uint8_t hop) -> HopWord {
          if (hop > routers.size()) return {std::nullopt, size == PacketSize::small};
          const Router& router = routers[hop - 1U];
          const bool answers = size == PacketSize::large ? router.large : router.small;
          return {answers ? std::optional(IpAddress::v4(hop)) : std::nullopt, false};
        },
        target);
  };
  constexpr Router kThrough{true, true};
  constexpr Router kBeyond{false, true};
  constexpr Router kSilent{false, false};
  SUBCASE("one that is limited, and later ones that answer") {
    const BlackHole found = locate({kThrough, kBeyond, kThrough, kBeyond, kBeyond});
    REQUIRE(found.last_through);
    CHECK(found.last_through->number == 3);
    REQUIRE(found.first_beyond);
    CHECK(found.first_beyond->number == 4);
    CHECK(found.first_beyond->address == IpAddress::v4(4));
  }
  SUBCASE("silent hops are neither") {
    const BlackHole found = locate({kThrough, kSilent, kBeyond});
    CHECK(found.last_through->number == 1);
    CHECK(found.first_beyond->number == 3);
  }
  SUBCASE("right before the target") {
    const BlackHole found = locate({kThrough});
    CHECK(found.last_through->number == 1);
    CHECK(found.first_beyond->number == 2);
    CHECK(found.first_beyond->address == target);
  }
  SUBCASE("on the first link, over a long path") {
    const BlackHole found = locate(std::vector<Router>(20, kBeyond));
    CHECK(!found.last_through);
    CHECK(found.first_beyond->number == 1);
  }
  SUBCASE("a large packet that arrives after all") {
    const BlackHole found =
        locate_black_hole([](PacketSize, std::uint8_t hop) -> HopWord { return {std::nullopt, hop == 3}; }, target);
    CHECK(!found.first_beyond);
  }
}

TEST_CASE("peers that do not play along") {
  Bench bench;
  SUBCASE("closed") {
    bench.network.accepts = false;
    CHECK(bench.run().outcome == MtuOutcome::not_connected);
  }
  SUBCASE("old duplicates are not acknowledged") {
    bench.network.acknowledges = false;
    const PathMtu result = bench.run();
    CHECK(result.outcome == MtuOutcome::unanswered);
    CHECK(result.closing == Closing::orderly);
  }
  SUBCASE("old duplicates are reset") {
    bench.network.resets_duplicates = true;
    const PathMtu result = bench.run();
    CHECK(result.outcome == MtuOutcome::reset);
    CHECK(result.closing == Closing::reset_by_peer);
  }
  SUBCASE("no FIN") {
    bench.network.closes = false;
    CHECK(bench.run().closing == Closing::reset_by_us);
    CHECK(bench.network.resets == 1);
  }
  SUBCASE("stopped") {
    bench.stop = true;
    CHECK(bench.run().outcome == MtuOutcome::interrupted);
  }
}
