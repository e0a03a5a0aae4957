// SPDX-License-Identifier: MIT
// How fast the probes may leave, from what comes back. The order of the probes is random, so the share of first tries
// that is answered (the yield) does not change over a scan, whatever part of the ports is silent and however many
// probes are lost at random. A yield that falls while the rate grows is congestion, and what is still answered shows
// the capacity.
//
// Doubles a round in slow start, then grows ever faster from small steps, and cuts to nine tenths of the capacity.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "libtcp/base/clock.hpp"

namespace tcp::scan {

inline constexpr std::uint64_t kHighestRate = 100'000'000;

// Probes a second.
struct RateBounds {
  std::uint64_t start = 5'000;
  std::uint64_t unproven = 10'000;  // the most while nothing shows that the probes arrive
  std::uint64_t least = 1;
  std::uint64_t most = kHighestRate;
  double growth = 2;  // a round, in slow start
};

// What is counted as an answer.
enum class Evidence : std::uint8_t { all, open };

class CongestionController {
 public:
  CongestionController(const RateBounds& bounds, MonotonicTime start);

  [[nodiscard]] std::uint64_t rate() const noexcept;
  // The round that what is sent now belongs to.
  [[nodiscard]] std::uint32_t round() const noexcept { return now_.number; }

  // `first` of the `all` probes were first tries.
  void on_sent(std::uint64_t first, std::uint64_t all) noexcept;
  // To a first try of that round.
  void on_answer(std::uint32_t round, bool open) noexcept;
  void on_rtt(Duration rtt) noexcept;
  // Answers found no room in this host: it is the receiver that is too slow.
  void on_answers_lost(MonotonicTime now);
  // Everything that arrived until `now` has been told.
  void advance(MonotonicTime now);

  // No evidence will come any more: what is not proven by now will not be.
  void on_first_tries_over() noexcept;
  // From now on; begins to climb anew, from what was reached before the last cut.
  void count(Evidence evidence);
  // Of the yield, below what is usual: by what share it fell when the rate was last cut.
  [[nodiscard]] bool congested() const noexcept { return cuts_in_a_row_ > 0; }
  [[nodiscard]] bool has_been_cut() const noexcept { return !slow_start_; }

 private:
  struct Round {
    std::uint32_t number = 0;
    double rate = 0;  // allowed
    MonotonicTime start;
    Duration length{};
    double first = 0;
    double all = 0;
    double answered = 0;
    double open = 0;
  };
  struct Yield {
    double sent = 0;
    double answered = 0;
  };
  enum class Judgement : std::uint8_t { too_little, usual, low };

  [[nodiscard]] double answers(const Round& round) const noexcept {
    return evidence_ == Evidence::open ? round.open : round.answered;
  }
  [[nodiscard]] const Yield& usual() const noexcept { return evidence_ == Evidence::open ? usual_open_ : usual_; }
  [[nodiscard]] Duration round_length() const noexcept;
  [[nodiscard]] Duration maturity() const noexcept;
  [[nodiscard]] bool knows_usual() const noexcept;
  [[nodiscard]] double expected(double sent) const noexcept;
  [[nodiscard]] Judgement judge(double sent, double answered) const noexcept;
  [[nodiscard]] bool outweighs_usual(const Round& sample) const noexcept;
  [[nodiscard]] double capacity(const Round& sample) const noexcept;
  void end_round(MonotonicTime now);
  void evaluate(const Round& round);
  void evaluate_current();
  void add_usual(const Round& round) noexcept;
  [[nodiscard]] Duration usual_rtt() const noexcept;
  [[nodiscard]] bool is_queueing() const noexcept;
  [[nodiscard]] bool is_queueing_badly() const noexcept;
  void grow(bool proven);
  void cut(const Round& sample);
  void set_rate(double rate) noexcept;

  RateBounds bounds_;
  double rate_;
  Evidence evidence_ = Evidence::all;
  bool slow_start_ = true;
  double step_;
  double proven_ = 0;  // the highest rate whose yield was the usual one
  Yield usual_;
  Yield usual_open_;
  Round now_;
  std::deque<Round> ended_;        // not yet evaluated
  Round sample_;                   // sum of the rounds at the present rate
  std::uint32_t first_valid_ = 0;  // earlier rounds say nothing about the present rate
  unsigned cuts_in_a_row_ = 0;
  double rate_before_cuts_ = 0;
  double share_at_first_cut_ = 0;
  std::optional<Duration> rtt_;
  Duration rtt_variation_{};
  std::optional<Duration> usual_rtt_;  // the smallest mean that was seen: a standing queue makes it grow
};

}  // namespace tcp::scan
