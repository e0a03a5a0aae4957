// SPDX-License-Identifier: MIT
#include "libtcp/scan/scan.hpp"

#include <algorithm>

#include "libtcp/scan/rate_controller.hpp"

namespace tcp::scan {
namespace {

constexpr std::size_t kBatch = 64;
constexpr Duration kLongestWait = std::chrono::milliseconds(100);  // a signal between two waits is seen after it
constexpr Duration kProgressInterval = std::chrono::milliseconds(200);
constexpr Duration kFullQueuePause = std::chrono::milliseconds(1);
constexpr Duration kLongestStandstill = std::chrono::seconds(30);

class Run {
 public:
  Run(const ScanOptions& options, const Clock& clock, Network& network, Observer& observer)
      : clock_(clock),
        network_(network),
        observer_(observer),
        prober_(options.space, *options.technique, options.timing, options.seed),
        rate_(options.rate, clock.now()),
        started_(clock.now()),
        moved_(started_),
        told_(started_) {}

  Result<ScanSummary> operator()() {
    while (!prober_.finished(clock_.now())) {
      if (observer_.stop_requested()) stop();
      TCP_TRY(send());
      TCP_TRY(receive());
      tell_progress();
    }
    prober_.conclude([this](const PortResult& result) { observer_.on_result(result); });
    summary_.counts = prober_.counts();
    summary_.longest_rtt = prober_.longest_rtt();
    summary_.answers_lost += network_.take_lost();
    summary_.elapsed = clock_.now() - started_;
    return summary_;
  }

 private:
  void stop() {
    summary_.complete = false;
    prober_.stop_sending();
  }

  void tell_progress() {
    const MonotonicTime now = clock_.now();
    const Duration passed = now - told_;
    if (passed < kProgressInterval) return;
    const ProbeCounts& counts = prober_.counts();
    Progress progress;
    progress.pairs = counts.pairs;
    progress.pairs_done = prober_.pairs_done();
    progress.probes_sent = counts.probes_sent;
    progress.rate =
        static_cast<double>(counts.probes_sent - told_probes_) / std::chrono::duration<double>(passed).count();
    progress.loss = counts.loss();
    progress.open = counts.open;
    progress.elapsed = now - started_;
    if (progress.pairs_done > 0) {
      const double left =
          static_cast<double>(counts.pairs - progress.pairs_done) / static_cast<double>(progress.pairs_done);
      progress.eta = std::chrono::duration_cast<Duration>(progress.elapsed * left);
    }
    observer_.on_progress(progress);
    told_ = now;
    told_probes_ = counts.probes_sent;
  }

  Result<void> send() {
    // Taken before the batch leaves: an answer may overtake the end of it.
    const MonotonicTime now = clock_.now();
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(rate_.available(now), kBatch));
    batch_.clear();
    prober_.take_due(now, room, batch_);
    if (batch_.empty()) {
      moved_ = now;
      return {};
    }
    TCP_TRY_ASSIGN(taken, network_.send(batch_));
    const std::span<const Probe> probes(batch_);
    prober_.sent(probes.first(taken), now);
    prober_.unsent(probes.subspan(taken));
    rate_.spend(taken);
    full_ = taken < batch_.size();
    if (taken > 0) moved_ = now;
    if (now - moved_ > kLongestStandstill)
      return make_error(Errc::timed_out, "send probes", "the send queue stays full");
    return {};
  }

  Result<void> receive() {
    const MonotonicTime now = clock_.now();
    MonotonicTime deadline = std::min(prober_.next_deadline(), now + kLongestWait);
    if (prober_.has_due(now)) deadline = std::min(deadline, full_ ? now + kFullQueuePause : rate_.next_batch());
    TCP_TRY_ASSIGN(answers, network_.receive(deadline));
    const MonotonicTime later = clock_.now();
    for (const Answer& answer : answers) {
      if (const auto result = prober_.on_answer(answer, later)) observer_.on_result(*result);
    }
    return {};
  }

  const Clock& clock_;
  Network& network_;
  Observer& observer_;
  Prober prober_;
  RateController rate_;
  MonotonicTime started_;
  MonotonicTime moved_;  // when a probe last left, or none was waiting
  MonotonicTime told_;   // of the progress
  std::uint64_t told_probes_ = 0;
  std::vector<Probe> batch_;
  bool full_ = false;
  ScanSummary summary_;
};

}  // namespace

Result<ScanSummary> run(const ScanOptions& options, const Clock& clock, Network& network, Observer& observer) {
  return Run(options, clock, network, observer)();
}

}  // namespace tcp::scan
