// SPDX-License-Identifier: MIT
// Decides what is probed next, when a silent port is probed again, and what the answers mean. No I/O and no clock: it
// is told the time, asked for probes and fed with answers.
//
// A byte of state for each pair; the times of the tries are kept only while an answer is awaited.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <span>
#include <unordered_map>
#include <vector>

#include "libtcp/scan/answer.hpp"
#include "libtcp/scan/permutation.hpp"
#include "libtcp/scan/probe_space.hpp"
#include "libtcp/scan/rtt_estimator.hpp"
#include "libtcp/scan/technique.hpp"

namespace tcp::scan {

struct Timing {
  unsigned retries = 3;  // tries after the first, at most kMostTries - 1
  RtoLimits rto;
};

struct ProbeCounts {
  std::uint64_t pairs = 0;
  std::uint64_t probes_sent = 0;
  std::uint64_t retransmissions = 0;
  std::uint64_t open = 0;
  std::uint64_t open_filtered = 0;
  std::uint64_t unfiltered = 0;
  std::uint64_t closed = 0;
  std::uint64_t filtered = 0;
  std::uint64_t errors = 0;
  std::uint64_t unfinished = 0;        // not probed, or not often enough to call it filtered
  std::uint64_t duplicates = 0;        // answers for a pair that was decided
  std::uint64_t unasked = 0;           // answers to what was never sent
  std::uint64_t tries_answered = 0;    // of decided pairs: tries up to the one that was answered
  std::uint64_t tries_unanswered = 0;  // of these, tries before it

  // The share of tries that got no answer where a later one did; nothing before the first answer.
  [[nodiscard]] std::optional<double> loss() const noexcept;
};

class Prober {
 public:
  // The space must outlive it.
  Prober(const ProbeSpace& space, const Technique& technique, const Timing& timing, std::uint64_t seed);

  // Appends up to `room` probes that are due. Each must be given back to sent() or unsent() before the next call.
  void take_due(MonotonicTime now, std::size_t room, std::vector<Probe>& batch);
  void sent(std::span<const Probe> probes, MonotonicTime now);
  void unsent(std::span<const Probe> probes);

  // The result, when this answer decides a pair.
  [[nodiscard]] std::optional<PortResult> on_answer(const Answer& answer, MonotonicTime now);

  // No further probes; what was sent may still be answered.
  void stop_sending() noexcept { stopped_ = true; }

  // A probe could leave at `now` if the rate permits.
  [[nodiscard]] bool has_due(MonotonicTime now);
  // When the next try becomes due or the scan ends; the largest time when only an answer can change anything.
  [[nodiscard]] MonotonicTime next_deadline();
  [[nodiscard]] bool finished(MonotonicTime now);

  // Once finished: the pairs that answered no try, by index. Afterwards the counts are complete.
  void conclude(const std::function<void(const PortResult&)>& report);
  [[nodiscard]] const ProbeCounts& counts() const noexcept { return counts_; }
  // Decided, or silent often enough.
  [[nodiscard]] std::uint64_t pairs_done() const noexcept;
  // The largest smoothed RTT of any target.
  [[nodiscard]] std::optional<Duration> longest_rtt() const noexcept { return longest_rtt_; }

 private:
  // A pair's byte: the number of its tries, and one of these.
  enum Progress : std::uint8_t { waiting = 0x00, silent = 0x40, decided = 0x80 };

  struct Flight {
    std::array<MonotonicTime, kMostTries> sent_at;
  };
  struct Wait {
    MonotonicTime deadline;
    std::uint64_t pair = 0;
    std::uint8_t tries = 0;
    friend bool operator>(const Wait& a, const Wait& b) noexcept { return a.deadline > b.deadline; }
  };

  [[nodiscard]] unsigned tries(std::uint64_t pair) const noexcept { return pairs_[pair] & 0x0fU; }
  [[nodiscard]] Progress progress(std::uint64_t pair) const noexcept {
    return static_cast<Progress>(pairs_[pair] & 0xf0U);
  }
  void set(std::uint64_t pair, Progress progress, unsigned tries) noexcept;
  void expire(MonotonicTime now);
  void drop_stale_waits();
  [[nodiscard]] bool nothing_to_send() const noexcept;
  [[nodiscard]] MonotonicTime end_of_grace() const noexcept;
  [[nodiscard]] Probe make_probe(std::uint64_t pair) const;
  [[nodiscard]] Duration patience(std::uint64_t pair) const;
  void learn_rtt(std::uint64_t pair, const Answer& answer, PortResult& result);
  void count(PortState state) noexcept;

  const ProbeSpace& space_;
  const Technique& technique_;
  Timing timing_;
  Permutation order_;
  std::uint64_t next_fresh_ = 0;  // position in the order
  std::vector<std::uint8_t> pairs_;
  std::deque<Probe> again_;  // what a full network gave back
  std::deque<std::uint64_t> retransmit_;
  std::priority_queue<Wait, std::vector<Wait>, std::greater<>> waits_;
  std::unordered_map<std::uint64_t, Flight> flights_;
  std::unordered_map<std::uint64_t, RttEstimator> estimators_;  // by target, for those that have answered
  std::uint64_t in_flight_ = 0;  // pairs that were sent and are neither silent nor decided
  std::uint64_t silent_ = 0;
  std::optional<Duration> longest_rtt_;
  MonotonicTime last_sent_{};
  bool stopped_ = false;
  ProbeCounts counts_;
};

}  // namespace tcp::scan
