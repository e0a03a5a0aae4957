// SPDX-License-Identifier: MIT
// Decides what is probed next, when a silent port is probed again, and what the answers mean. No I/O and no clock: it
// is told the time, asked for probes and fed with answers.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libtcp/scan/answer.hpp"
#include "libtcp/scan/host_set.hpp"
#include "libtcp/scan/host_table.hpp"
#include "libtcp/scan/loss_meter.hpp"
#include "libtcp/scan/paced_hosts.hpp"
#include "libtcp/scan/pair_states.hpp"
#include "libtcp/scan/permutation.hpp"
#include "libtcp/scan/probe_counts.hpp"
#include "libtcp/scan/probe_space.hpp"
#include "libtcp/scan/rtt_histogram.hpp"
#include "libtcp/scan/shard.hpp"
#include "libtcp/scan/technique.hpp"
#include "libtcp/scan/timer_wheel.hpp"
#include "libtcp/scan/try_log.hpp"

namespace tcp::scan {

struct Checkpoint;

struct Timing {
  std::optional<unsigned> retries;  // tries after the first, at most kMostTries - 1; absent: as the loss demands
  double confidence = 0.999;        // that a port that answers is not taken for a silent one
  RtoLimits rto;
  std::optional<Duration> host_timeout;  // from its first probe on, a host is probed so long
};

struct ProberOptions {
  Timing timing;
  std::string manner;  // goes into the digest of a checkpoint
  std::uint64_t seed = 0;
  Shard shard;
  bool report_silent = true;          // what no answer came for is worth a result
  const LeftOut* left_out = nullptr;  // as ScanOptions has it
  std::uint64_t most_remembered = kMostRememberedPairs;
  std::uint64_t window = kPairWindow;
};

// What an answer was worth.
struct AnswerWorth {
  std::optional<PortResult> result;    // when it decided a pair
  std::optional<std::uint32_t> round;  // in which the first try left that it answers
  std::optional<Duration> rtt;
};

class Prober {
 public:
  using Report = std::function<void(const PortResult&)>;

  // The space must outlive it.
  Prober(const ProbeSpace& space, const Technique& technique, const ProberOptions& options, MonotonicTime start);

  // Of the same space, technique, seed and shard. Before anything else.
  void restore(const Checkpoint& checkpoint);
  // `concluded`: conclude() has reported what is silent.
  [[nodiscard]] Checkpoint checkpoint(bool concluded) const;

  // Appends up to `room` probes that are due. sent() must be told of them before the next call.
  void take_due(std::size_t room, MonotonicTime now, std::vector<Probe>& batch);
  // Of that batch the first `count` left, the others did not. Returns how many were first tries.
  std::uint64_t sent(std::span<const Probe> batch, std::size_t count, MonotonicTime now, std::uint32_t round);

  [[nodiscard]] AnswerWorth on_answer(const Answer& answer);
  // Answers were lost in this host: a silent pair may have answered one of its tries, so it gets one more.
  void on_answers_lost() noexcept { answers_lost_ = true; }
  // Every answer that came until `now` has been told: what is silent for too long is to be tried again.
  void expire(MonotonicTime now);

  // The host limits its resets and only open ports matter: silence says nothing about the closed ones, and resets
  // nothing about the loss.
  void expect_only_open() noexcept;
  // One host of several answers so rarely: what is silent there is tried again every `gap`, as often as can be. False
  // when there are too many such hosts.
  bool pace_host(std::uint64_t target, Duration gap, MonotonicTime now) { return paced_.add(target, gap, now); }
  // No further probes; what was sent may still be answered.
  void stop_sending() noexcept { stopped_ = true; }

  // A probe could leave if the rate permits.
  [[nodiscard]] bool has_due() const noexcept { return !nothing_to_send(); }
  // The last take_due() came across more hosts that are left out than is good at a time: the next one need not wait.
  [[nodiscard]] bool is_passing_over() const noexcept { return passing_over_; }
  // When a host that is paced may be tried again; the largest time when that is no matter of time.
  [[nodiscard]] MonotonicTime next_paced() const noexcept { return stopped_ ? MonotonicTime::max() : paced_.next(); }
  // There are pairs that were not probed yet.
  [[nodiscard]] bool has_first_tries() const noexcept { return next_ < last_; }
  // When the next try becomes overdue or the scan ends; the largest time when only an answer can change anything.
  [[nodiscard]] MonotonicTime next_deadline() const noexcept;
  [[nodiscard]] bool finished(MonotonicTime now);

  // Reports the pairs that leave the memory of a scan too large to be remembered whole.
  void report_forgotten(const Report& report);
  // Once finished: the pairs that answered no try, by index when that is affordable. Afterwards the counts are
  // complete.
  void conclude(const Report& report);

  [[nodiscard]] const ProbeCounts& counts() const noexcept { return counts_; }
  // Pairs that are decided, or silent often enough as things stand.
  [[nodiscard]] std::uint64_t pairs_done() const noexcept { return next_ - first_ - waiting_ - abandoned_; }
  [[nodiscard]] const LossMeter& loss() const noexcept { return only_open_ ? open_loss_ : loss_; }
  [[nodiscard]] const RttHistogram& rtts() const noexcept { return rtts_; }
  [[nodiscard]] const HostTable& hosts() const noexcept { return hosts_; }
  // Tries after which a silent pair is taken for silent, as things stand, unless its host loses more than others do.
  [[nodiscard]] unsigned tries_needed() const noexcept { return needed_; }
  // The largest smoothed RTT of any target.
  [[nodiscard]] std::optional<Duration> longest_rtt() const noexcept { return longest_rtt_; }

 private:
  using Position = std::uint64_t;

  [[nodiscard]] bool nothing_to_send() const noexcept;
  [[nodiscard]] std::uint64_t target_at(Position position) const noexcept;
  [[nodiscard]] Probe make_probe(std::uint64_t pair, unsigned tries);
  void take_paced(std::size_t& room, MonotonicTime now, std::vector<Probe>& batch);
  bool take(Position position, MonotonicTime now, std::vector<Probe>& batch);
  void take_again(std::size_t& room, MonotonicTime now, std::vector<Probe>& batch);
  void take_fresh(std::size_t& room, MonotonicTime now, std::vector<Probe>& batch);
  [[nodiscard]] MonotonicTime end() const noexcept;
  [[nodiscard]] bool make_room();
  [[nodiscard]] bool is_left_out(std::uint64_t pair) const noexcept;
  void leave_out(Position position) noexcept;
  void take_overdue_first_tries(MonotonicTime now);
  void end_of_patience(Position position);
  void reconsider_silent();
  void update_needed() noexcept;
  [[nodiscard]] unsigned needed_at(Position position) const noexcept;
  [[nodiscard]] bool knows_host_rtts() const noexcept;
  [[nodiscard]] const Host* host_of(std::uint64_t target) const noexcept;
  [[nodiscard]] Duration timeout(const Host* host, const RtoLimits& limits) const;
  [[nodiscard]] Duration backed_off(const Host* host, unsigned earlier_tries) const;
  void update_first_limits() noexcept;
  [[nodiscard]] Duration patience(std::uint64_t target, unsigned earlier_tries);
  [[nodiscard]] Duration grace() const noexcept;
  [[nodiscard]] bool is_given_up(std::uint64_t target, MonotonicTime now) noexcept;
  void abandon(Position position) noexcept;

  void learn_rtt(std::uint64_t pair, Position position, const Answer& answer, AnswerWorth& worth);
  void decide(Position position, std::uint64_t pair, const Answer& answer, const Verdict& verdict, AnswerWorth& worth);
  void count_tries(const Answer& answer) noexcept;
  void leave_undecided(std::uint8_t state) noexcept;
  void count_for_host(std::uint64_t pair, const Answer& answer) noexcept;
  void count_silent_for_host(Position position) noexcept;
  void count(PortState state) noexcept;
  void count_silent() noexcept;
  [[nodiscard]] PortResult silent_result(Position position) const;
  void conclude_one(Position position, const Report& report);

  const ProbeSpace& space_;
  const Technique& technique_;
  ProberOptions options_;
  Permutation order_;
  Position first_;  // of this shard
  Position last_;   // behind its end
  Position next_;   // the first that has not been probed
  PairStates states_;
  FirstTries first_tries_;
  LaterTries later_tries_;
  TimerWheel wheel_;
  HostTable hosts_;
  PacedHosts paced_;
  LossMeter loss_;
  LossMeter open_loss_;  // of pairs that proved to be open
  RttHistogram rtts_;
  RtoLimits first_limits_;          // of the wait for an answer to a first try
  std::deque<Position> again_;      // to be tried (again) now
  std::vector<Position> taken_;     // handed out by take_due(), not yet sent
  Position taken_from_ = 0;         // the first fresh one among them
  std::vector<std::uint64_t> due_;  // scratch
  std::uint64_t waiting_ = 0;       // pairs that are under way
  std::uint64_t silent_ = 0;
  std::uint64_t overdue_ = 0;   // pairs whose first try was not answered in time, and no other yet
  std::uint64_t answered_ = 0;  // pairs
  std::uint64_t answered_when_reconsidered_ = 0;
  unsigned needed_when_reconsidered_ = 0;
  std::uint64_t abandoned_ = 0;
  unsigned needed_ = 2;
  Duration unmeasured_{};              // timeout of a target that is not measured, when others are
  std::vector<PortResult> forgotten_;  // not yet reported
  std::uint64_t jitter_;
  std::optional<Duration> longest_rtt_;
  MonotonicTime last_target_begun_{};
  MonotonicTime last_sent_{};
  bool answers_lost_ = false;
  bool stopped_ = false;
  bool passing_over_ = false;
  bool only_open_ = false;
  ProbeCounts counts_;
};

}  // namespace tcp::scan
