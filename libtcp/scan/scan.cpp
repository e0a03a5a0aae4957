// SPDX-License-Identifier: MIT
#include "libtcp/scan/scan.hpp"

#include <algorithm>
#include <unordered_map>

#include "libtcp/scan/host_notes.hpp"
#include "libtcp/scan/rate_controller.hpp"
#include "libtcp/scan/reset_limit.hpp"

namespace tcp::scan {
namespace {

constexpr std::size_t kBatch = 256;
constexpr Duration kLongestWait = std::chrono::milliseconds(100);  // a signal between two waits is seen after it
constexpr Duration kProgressInterval = std::chrono::milliseconds(200);
constexpr Duration kFullQueuePause = std::chrono::milliseconds(1);
constexpr std::uint64_t kFewestPortsToLimit = 64;  // of a host of several, for its resets to be watched
constexpr std::uint64_t kMostHostsWatched = 65'536;
constexpr double kShareOfLimit = 0.7;  // of the resets that a host sends a second, so many are asked for
constexpr Duration kLongestStandstill = std::chrono::seconds(30);

ProberOptions prober_options(const ScanOptions& options) {
  ProberOptions prober;
  prober.timing = options.timing;
  prober.manner = options.manner;
  prober.seed = options.seed;
  prober.shard = options.shard;
  prober.report_silent = !options.open_only;
  prober.left_out = options.left_out;
  return prober;
}

class Run {
 public:
  Run(const ScanOptions& options, const Clock& clock, Network& network, Observer& observer)
      : options_(options),
        clock_(clock),
        network_(network),
        observer_(observer),
        started_(clock.now()),
        prober_(options.space, *options.technique, prober_options(options), started_),
        congestion_(options.rates, started_),
        rate_(options.exact_rate.value_or(congestion_.rate()), started_),
        moved_(started_),
        last_sent_(started_),
        told_(started_),
        heard_until_(started_) {}

  Result<ScanSummary> operator()() {
    if (options_.resume != nullptr) prober_.restore(*options_.resume);
    while (!prober_.finished(heard_until_)) {
      save_at_times();
      if (observer_.stop_requested()) stop();
      TCP_TRY(send());
      TCP_TRY(receive());
      notice_lost_answers();
      prober_.expire(heard_until_);
      adapt();
      tell_progress();
    }
    const auto report = [this](const PortResult& result) { observer_.on_result(result); };
    prober_.conclude(report);
    if (options_.checkpoint_every) observer_.on_checkpoint(prober_.checkpoint(true));
    const double loss = prober_.counts().loss().value_or(0);
    for (const HostNote& note : notes_on(prober_.hosts(), options_.space.targets(), loss, clock_.now())) {
      observer_.on_host_note(note);
    }
    return summarize();
  }

 private:
  void save_at_times() {
    if (!options_.checkpoint_every || clock_.now() < next_save_) return;
    observer_.on_checkpoint(prober_.checkpoint(false));
    next_save_ = clock_.now() + *options_.checkpoint_every;
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
    progress.loss = measured_loss();
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

  void stop() {
    summary_.complete = false;
    prober_.stop_sending();
  }

  Result<void> send() {
    // Taken before the batch leaves: an answer may overtake the end of it.
    const MonotonicTime now = clock_.now();
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(rate_.available(now), kBatch));
    batch_.clear();
    prober_.take_due(room, now, batch_);
    if (batch_.empty()) {
      moved_ = now;
      full_ = false;
      return {};
    }
    TCP_TRY_ASSIGN(taken, network_.send(batch_));
    const std::uint64_t first_tries = prober_.sent(batch_, taken, now, congestion_.round());
    congestion_.on_sent(first_tries, taken);
    rate_.spend(taken);
    full_ = taken < batch_.size();
    if (taken > 0) moved_ = last_sent_ = now;
    if (now - moved_ > kLongestStandstill)
      return make_error(Errc::timed_out, "send probes", "the send queue stays full");
    return {};
  }

  Result<void> receive() {
    const MonotonicTime now = clock_.now();
    MonotonicTime deadline = std::min(prober_.next_deadline(), now + kLongestWait);
    const MonotonicTime permitted = full_ ? now + kFullQueuePause : rate_.next_batch();
    if (prober_.has_due()) deadline = std::min(deadline, permitted);
    deadline = std::min(deadline, std::max(permitted, prober_.next_paced()));
    if (prober_.is_passing_over()) deadline = now;
    TCP_TRY_ASSIGN(answers, network_.receive(deadline));
    for (const Answer& answer : answers) hear(answer);
    // What came before the last answer has been heard, and everything when there was none.
    heard_until_ = std::max(heard_until_, answers.empty() ? clock_.now() : answers.back().received);
    return {};
  }

  void hear(const Answer& answer) {
    const AnswerWorth worth = prober_.on_answer(answer);
    if (worth.rtt) congestion_.on_rtt(*worth.rtt);
    if (worth.round && answer.kind != AnswerKind::icmp) {
      congestion_.on_answer(*worth.round, answer.kind == AnswerKind::syn_ack);
    }
    if (!worth.result) return;
    watch_resets(answer, worth);
    observer_.on_result(*worth.result);
  }

  [[nodiscard]] bool is_one_host() const { return options_.space.targets().size() == 1; }

  void watch_resets(const Answer& answer, const AnswerWorth& worth) {
    if (is_one_host()) {
      resets_.add(answer.kind, answer.attempt, worth.rtt, answer.received);
      return;
    }
    if (options_.space.port_count() < kFewestPortsToLimit) return;
    const auto target = options_.space.targets().index_of(answer.target.address);
    if (!target || *target >= kMostHostsWatched) return;
    ResetLimit& resets = resets_of_[*target];
    resets.add(answer.kind, answer.attempt, worth.rtt, answer.received);
    if (answer.kind != AnswerKind::rst || !resets.is_mostly_late()) return;
    if (!prober_.pace_host(*target, gap_within(resets), answer.received)) return;
    ++summary_.rst_limited_hosts;
    observer_.on_host_note({answer.target.address, HostNote::rst_limited, resets.resets_a_second()});
  }

  void notice_reset_limit() {
    if (summary_.rst_limited_hosts > 0 || !is_one_host()) return;
    if (!options_.exact_rate && !congestion_.has_been_cut()) return;
    if (!resets_.is_likely() || resets_.resets_a_second() == 0) return;
    ++summary_.rst_limited_hosts;
    observer_.on_host_note({options_.space.targets()[0], HostNote::rst_limited, resets_.resets_a_second()});
    if (options_.open_only) {
      prober_.expect_only_open();
      congestion_.count(Evidence::open);
    } else {
      prober_.pace_host(0, gap_within(resets_), clock_.now());
    }
  }

  // Between the retries that a host answers although it holds resets back.
  [[nodiscard]] static Duration gap_within(const ResetLimit& resets) {
    return std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(1 / (kShareOfLimit * static_cast<double>(resets.resets_a_second()))));
  }

  void notice_lost_answers() {
    const std::uint64_t lost = network_.take_lost();
    if (lost == 0) return;
    summary_.answers_lost += lost;
    prober_.on_answers_lost();
    congestion_.on_answers_lost(heard_until_);
  }

  void adapt() {
    prober_.report_forgotten([this](const PortResult& result) { observer_.on_result(result); });
    notice_reset_limit();
    if (options_.exact_rate) return;
    congestion_.advance(heard_until_);
    if (!prober_.has_first_tries()) congestion_.on_first_tries_over();
    if (congestion_.rate() != rate_.rate()) rate_.set_rate(congestion_.rate(), clock_.now());
  }

  // Where a lost try is the last one, the pairs that answer show no loss.
  [[nodiscard]] std::optional<double> measured_loss() const {
    return prober_.tries_needed() > 1 ? prober_.counts().loss() : std::nullopt;
  }

  ScanSummary summarize() {
    summary_.counts = prober_.counts();
    summary_.longest_rtt = prober_.longest_rtt();
    summary_.median_rtt = prober_.rtts().quantile(0.5);
    summary_.slow_rtt = prober_.rtts().quantile(0.99);
    summary_.answers_lost += network_.take_lost();
    summary_.elapsed = clock_.now() - started_;
    summary_.tries = prober_.tries_needed();
    summary_.loss = measured_loss();
    if (summary_.tries > 1 && prober_.loss().tries() > 0) {
      summary_.confidence = prober_.loss().confidence_of(summary_.tries);
    }
    const double seconds = std::chrono::duration<double>(last_sent_ - started_).count();
    if (seconds > 0) summary_.rate = static_cast<double>(summary_.counts.probes_sent) / seconds;
    return summary_;
  }

  const ScanOptions& options_;
  const Clock& clock_;
  Network& network_;
  Observer& observer_;
  MonotonicTime started_;
  Prober prober_;
  CongestionController congestion_;
  RateController rate_;
  ResetLimit resets_;                                        // of the only host
  std::unordered_map<std::uint64_t, ResetLimit> resets_of_;  // of several, by target
  MonotonicTime moved_;                                      // when a probe last left, or none was waiting
  MonotonicTime last_sent_;
  MonotonicTime told_;  // of the progress
  std::uint64_t told_probes_ = 0;
  MonotonicTime heard_until_;  // every answer that came before has been heard
  MonotonicTime next_save_{};
  std::vector<Probe> batch_;
  bool full_ = false;
  ScanSummary summary_;
};

}  // namespace

Result<ScanSummary> run(const ScanOptions& options, const Clock& clock, Network& network, Observer& observer) {
  return Run(options, clock, network, observer)();
}

}  // namespace tcp::scan
