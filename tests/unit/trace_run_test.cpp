// SPDX-License-Identifier: MIT
// The driver over a scripted wire: what it records, and with whose times.
#include <doctest/doctest.h>

#include <deque>

#include "libtcp/trace/trace.hpp"

using namespace tcp;
using namespace tcp::trace;
using namespace std::chrono_literals;
namespace control = tcp::packet::control;

namespace {

constexpr std::uint32_t kOurIsn = 1000;
constexpr std::uint32_t kTheirIsn = 5000;
constexpr Duration kDelay = 40us;  // from our clock to the kernel's time of sending
constexpr Duration kRoundTrip = 10ms;

// Shows each segment leaving, hands it to the script, and gives back what the script answers one round trip later.
class Wire final : public Network {
 public:
  explicit Wire(ManualClock& clock) : clock_(clock) {}

  Result<void> send(const FourTuple&, const Segment& segment) override {
    ++sent;
    if (fail_from != 0 && sent >= fail_from) return system_error("send to 192.0.2.2", fail_with);
    if (show_leaving) queue_.push_back({clock_.wall_now() + kDelay, true, false, segment});
    answer(segment);
    return {};
  }

  Result<std::optional<Observation>> receive(const FourTuple&, MonotonicTime deadline) override {
    if (queue_.empty()) {
      clock_.set(std::max(deadline, clock_.now()));
      if (stop_when_idle != nullptr) *stop_when_idle = true;
      return std::nullopt;
    }
    Observation next = queue_.front();
    queue_.pop_front();
    if (!next.sent_by_us) clock_.advance(kRoundTrip);
    return next;
  }

  void reply(std::uint16_t bits, std::uint32_t sequence, std::uint32_t acknowledgment, bool checksum_bad = false) {
    Segment segment;
    segment.header.control_bits = bits;
    segment.header.sequence = sequence;
    segment.header.acknowledgment = acknowledgment;
    segment.time_to_live = 60;
    queue_.push_back({clock_.wall_now() + kDelay + kRoundTrip, false, checksum_bad, segment});
  }

  void answer(const Segment& segment) {
    if (!server_answers) return;
    if (segment.header.is_syn_only()) {
      if (corrupt_first) reply(control::syn | control::ack, kTheirIsn, kOurIsn + 1, true);
      reply(control::syn | control::ack, kTheirIsn, kOurIsn + 1);
    }
    if (segment.header.has(control::fin)) reply(control::fin | control::ack, kTheirIsn + 1, kOurIsn + 2);
  }

  bool server_answers = true;
  bool show_leaving = true;
  bool corrupt_first = false;
  unsigned fail_from = 0;  // the first send that fails
  int fail_with = EPERM;
  unsigned sent = 0;
  StopFlag* stop_when_idle = nullptr;

 private:
  ManualClock& clock_;
  std::deque<Observation> queue_;
};

struct Bench {
  Bench() { clock.set(MonotonicTime(1000s)); }
  Handshake run() {
    ActiveOptions options;
    options.initial_sequence = kOurIsn;
    options.syn_retries = 2;
    return run_active(options, wire, clock, stop);
  }
  ManualClock clock;
  Wire wire{clock};
  StopFlag stop = false;
};

std::vector<std::string> roles(const Handshake& handshake) {
  std::vector<std::string> words;
  for (const HandshakeEvent& event : handshake.events) words.emplace_back(to_string(event.role));
  return words;
}

}  // namespace

TEST_CASE("events carry the kernel's times and stand in their order") {
  Bench bench;
  const Handshake handshake = bench.run();
  CHECK(handshake.outcome == Outcome::established);
  CHECK(handshake.closing == Closing::orderly);
  CHECK(roles(handshake) == std::vector<std::string>{"syn", "syn_ack", "ack", "fin", "fin", "ack"});
  for (const HandshakeEvent& event : handshake.events) CHECK(event.kernel_time);
  CHECK(handshake.events[1].time - handshake.events[0].time == kRoundTrip);
}

TEST_CASE("a packet that is not seen leaving keeps our own time, and says so") {
  Bench bench;
  bench.wire.show_leaving = false;
  const Handshake handshake = bench.run();
  CHECK(handshake.outcome == Outcome::established);
  CHECK_FALSE(handshake.events[0].kernel_time);
}

TEST_CASE("a segment with a bad checksum is shown and not taken") {
  Bench bench;
  bench.wire.corrupt_first = true;
  const Handshake handshake = bench.run();
  CHECK(roles(handshake)[1] == "bad_checksum");
  CHECK(handshake.outcome == Outcome::established);
}

TEST_CASE("a refusal of the local host ends it with the kernel's reason") {
  Bench bench;
  bench.wire.fail_from = 1;
  const Handshake handshake = bench.run();
  CHECK(handshake.outcome == Outcome::failed);
  REQUIRE(handshake.failure);
  CHECK(handshake.failure->is(std::errc::operation_not_permitted));
  CHECK(roles(handshake) == std::vector<std::string>{"send_failed"});
}

TEST_CASE("a full queue is a lost segment") {
  Bench bench;
  bench.wire.fail_from = 1;
  bench.wire.fail_with = ENOBUFS;
  const Handshake handshake = bench.run();
  CHECK(handshake.outcome == Outcome::filtered);
  CHECK(bench.wire.sent == 3);
}

TEST_CASE("a connection that can no longer be closed still was established") {
  Bench bench;
  bench.wire.fail_from = 2;
  const Handshake handshake = bench.run();
  CHECK(handshake.outcome == Outcome::established);
  CHECK(handshake.failure);
}

TEST_CASE("silence, and a signal in the silence") {
  Bench bench;
  bench.wire.server_answers = false;
  SUBCASE("to the end") { CHECK(bench.run().outcome == Outcome::filtered); }
  SUBCASE("stopped") {
    bench.wire.stop_when_idle = &bench.stop;
    CHECK(bench.run().outcome == Outcome::interrupted);
  }
}
