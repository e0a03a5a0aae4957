// SPDX-License-Identifier: MIT
#include "libtcp/scan/prober.hpp"

#include <algorithm>
#include <cerrno>

namespace tcp::scan {
namespace {

constexpr Duration kShortestGrace = std::chrono::milliseconds(300);
constexpr Duration kLongestGrace = std::chrono::seconds(8);

Error not_sent_error(const Answer& answer) {
  Error error = system_error("send to " + to_string(answer.target), answer.error_number).error();
  if (answer.error_number == EADDRINUSE) error.detail = "the scan itself holds that port";
  return error;
}

}  // namespace

std::optional<double> ProbeCounts::loss() const noexcept {
  if (tries_answered == 0) return std::nullopt;
  return static_cast<double>(tries_unanswered) / static_cast<double>(tries_answered);
}

Prober::Prober(const ProbeSpace& space, const Technique& technique, const Timing& timing, std::uint64_t seed)
    : space_(space), technique_(technique), timing_(timing), order_(space.size(), seed), pairs_(space.size()) {
  timing_.retries = std::min(timing_.retries, kMostTries - 1);
  timing_.rto.minimum = std::min(timing_.rto.minimum, timing_.rto.maximum);
  counts_.pairs = space.size();
}

void Prober::set(std::uint64_t pair, Progress progress, unsigned tries) noexcept {
  pairs_[pair] = static_cast<std::uint8_t>(progress | tries);
}

Duration Prober::patience(std::uint64_t pair) const {
  static constexpr RttEstimator kUnmeasured;
  const auto known = estimators_.find(space_.target_of(pair));
  return (known == estimators_.end() ? kUnmeasured : known->second).timeout(timing_.rto, tries(pair));
}

Probe Prober::make_probe(std::uint64_t pair) const {
  return {pair, space_[pair], static_cast<std::uint8_t>(tries(pair)), patience(pair)};
}

// Silent pairs whose deadline has passed are to be tried again, or have been tried often enough.
void Prober::expire(MonotonicTime now) {
  while (!waits_.empty() && waits_.top().deadline <= now) {
    const Wait wait = waits_.top();
    waits_.pop();
    if (progress(wait.pair) != waiting || tries(wait.pair) != wait.tries) continue;
    if (wait.tries <= timing_.retries) {
      retransmit_.push_back(wait.pair);
      continue;
    }
    set(wait.pair, silent, wait.tries);
    flights_.erase(wait.pair);
    --in_flight_;
    ++silent_;
  }
}

void Prober::drop_stale_waits() {
  while (!waits_.empty()) {
    const Wait& wait = waits_.top();
    if (progress(wait.pair) == waiting && tries(wait.pair) == wait.tries) return;
    waits_.pop();
  }
}

// What was due before comes before what is new: it bounds the number of pairs in flight.
void Prober::take_due(MonotonicTime now, std::size_t room, std::vector<Probe>& batch) {
  expire(now);
  if (stopped_) return;
  for (; room > 0 && !again_.empty(); again_.pop_front()) {
    if (progress(again_.front().pair) != waiting) continue;
    batch.push_back(again_.front());
    --room;
  }
  for (; room > 0 && !retransmit_.empty(); retransmit_.pop_front()) {
    if (progress(retransmit_.front()) != waiting) continue;
    batch.push_back(make_probe(retransmit_.front()));
    --room;
  }
  for (; room > 0 && next_fresh_ < order_.size(); ++next_fresh_, --room)
    batch.push_back(make_probe(order_[next_fresh_]));
}

void Prober::sent(std::span<const Probe> probes, MonotonicTime now) {
  for (const Probe& probe : probes) {
    const unsigned tries = probe.attempt + 1U;
    if (probe.attempt == 0) ++in_flight_;
    set(probe.pair, waiting, tries);
    flights_[probe.pair].sent_at[probe.attempt] = now;
    waits_.push({now + probe.patience, probe.pair, static_cast<std::uint8_t>(tries)});
    ++counts_.probes_sent;
    if (probe.attempt > 0) ++counts_.retransmissions;
  }
  if (!probes.empty()) last_sent_ = now;
}

void Prober::unsent(std::span<const Probe> probes) { again_.insert(again_.begin(), probes.begin(), probes.end()); }

void Prober::learn_rtt(std::uint64_t pair, const Answer& answer, PortResult& result) {
  const auto flight = flights_.find(pair);
  if (answer.rtt) {
    result.rtt = answer.rtt;
  } else if (flight != flights_.end()) {
    result.rtt = std::max(answer.received - flight->second.sent_at[answer.attempt], Duration(0));
  }
  const bool from_target =
      answer.kind != AnswerKind::icmp || answer.sender.without_scope() == answer.target.address.without_scope();
  if (!result.rtt || !from_target) return;
  RttEstimator& estimator = estimators_[space_.target_of(pair)];
  estimator.sample(*result.rtt);
  longest_rtt_ = std::max(longest_rtt_.value_or(Duration(0)), *estimator.smoothed());
}

std::optional<PortResult> Prober::on_answer(const Answer& answer, MonotonicTime now) {
  expire(now);
  const auto pair = space_.index_of(answer.target);
  if (!pair || answer.attempt >= tries(*pair)) {
    ++counts_.unasked;
    return std::nullopt;
  }
  if (progress(*pair) == decided) {
    ++counts_.duplicates;
    return std::nullopt;
  }
  const auto verdict = technique_.classify(answer);
  if (!verdict) return std::nullopt;

  PortResult result;
  result.target = space_[*pair];
  result.state = verdict->state;
  result.reason = verdict->reason;
  result.probes_sent = tries(*pair);
  result.time_to_live = answer.time_to_live;
  if (answer.kind == AnswerKind::icmp) {
    result.icmp = answer.icmp;
    result.icmp_sender = answer.sender;
  }
  if (answer.kind == AnswerKind::not_sent) {
    result.error = not_sent_error(answer);
  } else {
    learn_rtt(*pair, answer, result);
    counts_.tries_answered += answer.attempt + 1U;
    counts_.tries_unanswered += answer.attempt;
  }
  if (progress(*pair) == silent) --silent_;
  if (progress(*pair) == waiting) --in_flight_;
  set(*pair, decided, tries(*pair));
  flights_.erase(*pair);
  count(result.state);
  return result;
}

void Prober::count(PortState state) noexcept {
  switch (state) {
    case PortState::open: ++counts_.open; break;
    case PortState::open_filtered: ++counts_.open_filtered; break;
    case PortState::unfiltered: ++counts_.unfiltered; break;
    case PortState::closed: ++counts_.closed; break;
    case PortState::filtered: ++counts_.filtered; break;
    case PortState::error: ++counts_.errors; break;
  }
}

std::uint64_t Prober::pairs_done() const noexcept {
  return counts_.open + counts_.open_filtered + counts_.unfiltered + counts_.closed + counts_.filtered +
         counts_.errors + silent_;
}

bool Prober::nothing_to_send() const noexcept {
  return stopped_ || (again_.empty() && retransmit_.empty() && next_fresh_ == order_.size());
}

bool Prober::has_due(MonotonicTime now) {
  expire(now);
  return !nothing_to_send();
}

// Late answers turn "filtered" into the truth, so the end waits for what may still be under way.
MonotonicTime Prober::end_of_grace() const noexcept {
  return last_sent_ + std::clamp(4 * longest_rtt_.value_or(Duration(0)), kShortestGrace, kLongestGrace);
}

bool Prober::finished(MonotonicTime now) {
  expire(now);
  if (!nothing_to_send()) return false;
  if (in_flight_ == 0 && silent_ == 0) return true;
  return (stopped_ || in_flight_ == 0) && now >= end_of_grace();
}

MonotonicTime Prober::next_deadline() {
  drop_stale_waits();
  MonotonicTime next = MonotonicTime::max();
  if (!stopped_ && !waits_.empty()) next = waits_.top().deadline;
  if (nothing_to_send() && (stopped_ || in_flight_ == 0)) next = std::min(next, end_of_grace());
  return next;
}

void Prober::conclude(const std::function<void(const PortResult&)>& report) {
  for (std::uint64_t pair = 0; pair < pairs_.size(); ++pair) {
    if (progress(pair) == decided) continue;
    if (progress(pair) != silent) {
      ++counts_.unfinished;
      continue;
    }
    PortResult result;
    result.target = space_[pair];
    result.state = technique_.silence.state;
    result.reason = technique_.silence.reason;
    result.probes_sent = tries(pair);
    count(result.state);
    report(result);
  }
}

}  // namespace tcp::scan
