// SPDX-License-Identifier: MIT
#include "libtcp/trace/run_path.hpp"

#include <algorithm>

#include "libtcp/trace/wire_words.hpp"

namespace tcp::trace {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLongestWait = 200ms;  // so that a signal that came just before the wait is noticed
constexpr Duration kHoldAtLeast = 20ms;
constexpr Duration kHoldAtMost = 1s;

class PathRun {
 public:
  PathRun(const PathPlanOptions& plan, const PathProbesOptions& probes, PathNetwork& network, const Clock& clock)
      : plan_(plan, clock.now()),
        probes_(probes),
        network_(network),
        clock_(clock),
        started_(clock.now()),
        hold_until_(started_) {
    path_ = planned_path(plan_, plan, probes.remote, Technique::raw, clock.wall_now());
    path_.local = probes.local;
  }

  Path run(const StopFlag& stop) {
    while (!path_.failure && !plan_.finished(clock_.now())) {
      if (stop.load(std::memory_order_relaxed)) {
        path_.interrupted = true;
        break;
      }
      if (const auto probe = plan_.take_due(clock_.now())) send(*probe);
      step(plan_.deadline(clock_.now()));
    }
    // One more round trip, so that it is we and not the kernel who answer what comes late.
    while (!path_.failure && clock_.now() < hold_until_) step(hold_until_);
    return std::move(path_);
  }

 private:
  void send(std::size_t index) {
    PathProbe& probe = path_.probes[index];
    const FourTuple tuple = probes_.tuple(probe.flow);
    const Segment& segment = probes_.make(index, probe.hop, probe.flow, clock_.now() - started_);
    probe.fields = describe_sent(tuple, segment);
    probe.sent = true;
    probe.time = clock_.wall_now();
    put(tuple, segment);
  }

  void put(const FourTuple& tuple, const Segment& segment) {
    auto sent = network_.send(tuple, segment);
    if (!sent && !is_passing(sent.error())) path_.failure = std::move(sent).error();
  }

  void step(MonotonicTime deadline) {
    if (path_.failure) return;
    auto seen = network_.receive(std::min(deadline, clock_.now() + kLongestWait));
    if (!seen) {
      path_.failure = std::move(seen).error();
    } else if (*seen) {
      take(**seen);
    }
  }

  void take(const PathObservation& seen) {
    if (const auto* ours = std::get_if<PathObservation::Ours>(&seen.what)) {
      note_leaving(*ours, seen.time);
    } else if (const auto* theirs = std::get_if<PathObservation::Theirs>(&seen.what)) {
      note(probes_.match(theirs->tuple, theirs->segment, seen.time));
      answer(*theirs);
    } else {
      note(probes_.match(std::get<QuotingError>(seen.what), seen.time));
    }
  }

  void note_leaving(const PathObservation::Ours& ours, WallTime time) {
    const auto probe = probes_.match_sent(ours.segment);
    if (!probe || path_.probes[*probe].kernel_time) return;
    path_.probes[*probe].time = time;
    path_.probes[*probe].kernel_time = true;
  }

  void note(std::optional<PathProbes::Match> match) {
    if (!match) return;
    PathProbe& probe = path_.probes[match->probe];
    if (probe.reply) return;
    // The kernel's clock and ours may be read in the other order.
    match->reply.time = std::max(match->reply.time, probe.time);
    round_trip_ = std::max<Duration>(round_trip_, match->reply.time - probe.time);
    const bool end = match->reply.answer != PathAnswer::hop;
    probe.reply = std::move(match->reply);
    plan_.answered(match->probe, end, clock_.now());
  }

  void answer(const PathObservation::Theirs& theirs) {
    const auto reset = probes_.reset_for(theirs.segment);
    if (!reset) return;
    put(theirs.tuple, *reset);
    hold_until_ = clock_.now() + std::clamp<Duration>(round_trip_, kHoldAtLeast, kHoldAtMost);
  }

  PathPlan plan_;
  PathProbes probes_;
  PathNetwork& network_;
  const Clock& clock_;
  MonotonicTime started_;
  MonotonicTime hold_until_;
  Duration round_trip_{};
  Path path_;
};

}  // namespace

Path run_path(const PathPlanOptions& plan, const PathProbesOptions& probes, PathNetwork& network, const Clock& clock,
              const StopFlag& stop) {
  return PathRun(plan, probes, network, clock).run(stop);
}

}  // namespace tcp::trace
