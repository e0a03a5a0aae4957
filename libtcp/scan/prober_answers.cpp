// SPDX-License-Identifier: MIT
// The half of the prober that hears: what an answer means for its pair, and what silence means in the end.
#include <algorithm>
#include <cerrno>

#include "libtcp/scan/prober.hpp"

namespace tcp::scan {
namespace {

constexpr std::uint64_t kMostSorted = std::uint64_t{1} << 24;  // pairs that are worth reporting by index

Error not_sent_error(const Answer& answer) {
  Error error = system_error("send to " + to_string(answer.target), answer.error_number).error();
  if (answer.error_number == EADDRINUSE) error.detail = "the scan itself holds that port";
  return error;
}

bool comes_from_target(const Answer& answer) {
  return answer.kind != AnswerKind::icmp || answer.sender.without_scope() == answer.target.address.without_scope();
}

}  // namespace

AnswerWorth Prober::on_answer(const Answer& answer) {
  AnswerWorth worth;
  const auto pair = space_.index_of(answer.target);
  if (!pair) {
    ++counts_.unasked;
    return worth;
  }
  const Position position = order_.position_of(*pair);
  if (position < first_ || position >= next_) {
    ++counts_.unasked;
    return worth;
  }
  if (position < states_.base()) {
    ++counts_.duplicates;
    return worth;
  }
  const std::uint8_t state = states_[position];
  if (answer.attempt >= PairStates::tries(state)) {
    ++counts_.unasked;
  } else if (PairStates::progress(state) == PairStates::decided) {
    ++counts_.duplicates;
  } else if (const auto verdict = technique_.classify(answer)) {
    decide(position, *pair, answer, *verdict, worth);
  }
  return worth;
}

void Prober::learn_rtt(std::uint64_t pair, Position position, const Answer& answer, AnswerWorth& worth) {
  const bool in_order = answer.attempt == 0 && (states_[position] & PairStates::kOutOfOrder) == 0;
  std::optional<MonotonicTime> sent;
  if (!in_order) {
    sent = later_tries_.find(position << 4 | answer.attempt);
  } else if (const auto* batch = first_tries_.find(position)) {
    sent = batch->sent_at;
    worth.round = batch->round;
  }
  if (answer.rtt) {
    worth.rtt = answer.rtt;
  } else if (sent) {
    worth.rtt = std::max(answer.received - *sent, Duration(0));
  }
  if (!worth.rtt || !comes_from_target(answer)) return;
  RttEstimator& estimator = hosts_.claim(space_.target_of(pair)).rtt;
  estimator.sample(*worth.rtt);
  rtts_.add(*worth.rtt);
  longest_rtt_ = std::max(longest_rtt_.value_or(Duration(0)), *estimator.smoothed());
}

void Prober::decide(Position position, std::uint64_t pair, const Answer& answer, const Verdict& verdict,
                    AnswerWorth& worth) {
  std::uint8_t& state = states_[position];
  PortResult& result = worth.result.emplace();
  result.target = space_[pair];
  result.state = verdict.state;
  result.reason = verdict.reason;
  result.probes_sent = PairStates::tries(state);
  result.time_to_live = answer.time_to_live;
  if (answer.kind == AnswerKind::icmp) {
    result.icmp = answer.icmp;
    result.icmp_sender = answer.sender;
  }
  if (answer.kind == AnswerKind::not_sent) {
    result.error = not_sent_error(answer);
  } else {
    learn_rtt(pair, position, answer, worth);
    result.rtt = worth.rtt;
    const bool paced = answer.kind == AnswerKind::rst && paced_.contains(space_.target_of(pair));
    if (!paced) count_tries(answer);
  }
  leave_undecided(state);
  PairStates::set(state, PairStates::decided);
  count_for_host(pair, answer);
  count(result.state);
}

// Who sends ICMP errors sends only so many a second: what they did not answer was not lost.
void Prober::count_tries(const Answer& answer) noexcept {
  if (answer.kind == AnswerKind::icmp) return;
  loss_.add_answer(answer.attempt);
  if (answer.kind == AnswerKind::syn_ack) open_loss_.add_answer(answer.attempt);
  counts_.tries_answered += answer.attempt + 1U;
  counts_.tries_unanswered += answer.attempt;
  ++answered_;
}

void Prober::leave_undecided(std::uint8_t state) noexcept {
  if ((state & PairStates::kOverdue) != 0) --overdue_;
  switch (PairStates::progress(state)) {
    case PairStates::waiting: --waiting_; break;
    case PairStates::abandoned: --abandoned_; break;
    case PairStates::silent: --silent_; break;
    case PairStates::decided: break;
  }
}

void Prober::count_for_host(std::uint64_t pair, const Answer& answer) noexcept {
  if (!hosts_.complete() || answer.kind == AnswerKind::not_sent) return;
  Host& host = hosts_.claim(space_.target_of(pair));
  if (answer.kind == AnswerKind::syn_ack) ++host.open;
  if (answer.kind == AnswerKind::rst) ++host.closed;
  if (answer.kind != AnswerKind::icmp) {
    host.loss.add_answer(answer.attempt);
    return;
  }
  if (host.icmp++ == 0) host.first_icmp = answer.received;
  host.last_icmp = answer.received;
  if (answer.attempt > 0) ++host.icmp_late;
}

// At the end: what a host answers tells more than what it does not, and only beside it.
void Prober::count_silent_for_host(Position position) noexcept {
  if (counts_.open == 0 || !hosts_.complete() || space_.port_count() == 1) return;
  ++hosts_.claim(target_at(position)).silent;
}

void Prober::expect_only_open() noexcept { only_open_ = true; }

// Where resets are held back, silence is not "filtered".
void Prober::count_silent() noexcept {
  if (only_open_) {
    ++counts_.unfinished;
  } else {
    count(technique_.silence.state);
  }
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

PortResult Prober::silent_result(Position position) const {
  PortResult result;
  result.target = space_[order_[position]];
  result.state = technique_.silence.state;
  result.reason = technique_.silence.reason;
  result.probes_sent = PairStates::tries(states_[position]);
  return result;
}

void Prober::report_forgotten(const Report& report) {
  for (const PortResult& result : forgotten_) report(result);
  forgotten_.clear();
}

void Prober::conclude_one(Position position, const Report& report) {
  if (PairStates::progress(states_[position]) != PairStates::silent) return;
  count_silent();
  count_silent_for_host(position);
  if (options_.report_silent) report(silent_result(position));
}

void Prober::conclude(const Report& report) {
  report_forgotten(report);
  counts_.unfinished += last_ - next_ + waiting_ + abandoned_;
  const bool by_index = !states_.windowed() && options_.report_silent && space_.size() <= kMostSorted;
  if (!by_index) {
    for (Position position = states_.base(); position < next_; ++position) conclude_one(position, report);
    return;
  }
  for (std::uint64_t pair = 0; pair < space_.size(); ++pair) {
    const Position position = order_.position_of(pair);
    if (position >= first_ && position < next_) conclude_one(position, report);
  }
}

}  // namespace tcp::scan
