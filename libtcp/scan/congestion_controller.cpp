// SPDX-License-Identifier: MIT
#include "libtcp/scan/congestion_controller.hpp"

#include <algorithm>
#include <cmath>

namespace tcp::scan {
namespace {

using std::chrono::milliseconds;

constexpr Duration kShortestRound = milliseconds(6);
constexpr Duration kLongestRound = milliseconds(500);
constexpr Duration kMargin = milliseconds(6);  // what this host needs to tell of an answer
constexpr Duration kLongestMaturity = std::chrono::seconds(2);
constexpr Duration kMaturityUnmeasured = milliseconds(100);
constexpr double kEnoughAnswers = 24;    // expected, before their number means something
constexpr double kWorthwhileRound = 32;  // first tries
constexpr double kDeviations = 3;
constexpr double kOutweighs = 2;  // times as many probes as what is taken for usual stands on
constexpr double kDoubt = 0.25;   // deviations below what is usual that still convince
constexpr double kLowInSlowStart = 0.85;
constexpr double kFull = 0.95;    // of what is usual always convinces
constexpr double kSparse = 0.02;  // yield, below which evidence comes slowly
constexpr double kLowAfterwards = 0.9;
constexpr double kOfCapacity = 0.9;
constexpr double kDeepestCut = 0.125;
constexpr double kBackOff = 0.7;
constexpr Duration kQueue = milliseconds(30);      // that much later is a queue
constexpr Duration kBadQueue = milliseconds(200);  // and that much later a bad one
constexpr double kFirstStep = 0.01;
constexpr double kLargestStep = 0.25;
constexpr double kStepGrowth = 1.15;
constexpr double kMostRemembered = 20'000;  // probes behind the usual yield
constexpr unsigned kCutsInVain = 3;
constexpr double kHelped = 1.15;
constexpr double kBusy = 0.7;        // of the rate was really sent
constexpr std::uint64_t kAlive = 3;  // times as bold towards a host that answers, and limits itself
constexpr Duration kLongestSample = std::chrono::seconds(1);

}  // namespace

CongestionController::CongestionController(const RateBounds& bounds, MonotonicTime start)
    : bounds_(bounds), rate_(0), step_(kFirstStep) {
  bounds_.most = std::clamp<std::uint64_t>(bounds_.most, 1, kHighestRate);
  bounds_.least = std::clamp<std::uint64_t>(bounds_.least, 1, bounds_.most);
  bounds_.unproven = std::clamp(bounds_.unproven, bounds_.least, bounds_.most);
  set_rate(static_cast<double>(bounds_.start));
  now_.start = start;
  now_.rate = rate_;
}

std::uint64_t CongestionController::rate() const noexcept { return static_cast<std::uint64_t>(rate_); }

void CongestionController::set_rate(double rate) noexcept {
  rate_ = std::clamp(rate, static_cast<double>(bounds_.least), static_cast<double>(bounds_.most));
}

void CongestionController::on_sent(std::uint64_t first, std::uint64_t all) noexcept {
  now_.first += static_cast<double>(first);
  now_.all += static_cast<double>(all);
}

void CongestionController::on_answer(std::uint32_t number, bool open) noexcept {
  Round* round = &now_;
  if (number != now_.number) {
    if (ended_.empty() || number < ended_.front().number || number > ended_.back().number) return;
    round = &ended_[number - ended_.front().number];
  }
  round->answered += 1;
  if (open) round->open += 1;
}

void CongestionController::on_rtt(Duration rtt) noexcept {
  if (!rtt_) {
    rtt_ = rtt;
    rtt_variation_ = rtt / 2;
    return;
  }
  const Duration error = rtt > *rtt_ ? rtt - *rtt_ : *rtt_ - rtt;
  rtt_variation_ += (error - rtt_variation_) / 16;
  *rtt_ += (rtt - *rtt_) / 32;
}

Duration CongestionController::round_length() const noexcept {
  return std::clamp(rtt_.value_or(Duration(0)), kShortestRound, kLongestRound);
}

Duration CongestionController::maturity() const noexcept {
  if (!rtt_) return kMaturityUnmeasured;
  return std::min(*rtt_ + 4 * rtt_variation_ + kMargin, kLongestMaturity);
}

void CongestionController::end_round(MonotonicTime now) {
  now_.length = std::max(now - now_.start, Duration(1));
  ended_.push_back(now_);
  const std::uint32_t next = now_.number + 1;
  now_ = {};
  now_.number = next;
  now_.rate = rate_;
  now_.start = now;
}

void CongestionController::advance(MonotonicTime now) {
  const Duration length = now - now_.start;
  if (length >= round_length() && now_.all > 0 && (now_.first >= kWorthwhileRound || length >= kLongestRound)) {
    end_round(now);
  }
  const double rate_before = rate_;
  while (!ended_.empty() && ended_.front().start + ended_.front().length + maturity() <= now) {
    const Round round = ended_.front();
    ended_.pop_front();
    if (round.number >= first_valid_) evaluate(round);
  }
  if (rate_ != rate_before) {
    if (now_.all > 0) end_round(now);
    now_.rate = rate_;
    now_.start = now;
    sample_ = {};
  }
}

bool CongestionController::knows_usual() const noexcept { return usual().answered >= kEnoughAnswers; }

double CongestionController::expected(double sent) const noexcept {
  return usual().sent > 0 ? sent * usual().answered / usual().sent : 0;
}

void CongestionController::add_usual(const Round& round) noexcept {
  usual_.sent += round.first;
  usual_.answered += round.answered;
  usual_open_.sent += round.first;
  usual_open_.answered += round.open;
  if (evidence_ == Evidence::all && usual_.sent > kMostRemembered) {
    usual_.sent /= 2;
    usual_.answered /= 2;
  }
}

// A binomial deviation, that of what is taken for usual included.
CongestionController::Judgement CongestionController::judge(double sent, double answered) const noexcept {
  const double share = usual().answered / usual().sent;
  const double wanted = share * sent;
  const double variance = wanted * std::max(1 - share, 0.02) * (1 + sent / usual().sent);
  const double low = slow_start_ ? kLowInSlowStart : kLowAfterwards;
  if (answered < low * wanted && wanted - answered > kDeviations * std::sqrt(variance)) return Judgement::low;
  const double convincing = std::max(low * wanted, std::min(kFull * wanted, wanted - kDoubt * std::sqrt(variance)));
  return wanted >= kEnoughAnswers && answered >= convincing ? Judgement::usual : Judgement::too_little;
}

// The first rounds are small, and chance may have made them better than what is usual: a much larger sample that is not
// low says more of it than they do.
bool CongestionController::outweighs_usual(const Round& sample) const noexcept {
  return sample.first >= kOutweighs * usual().sent && expected(sample.first) >= kEnoughAnswers;
}

// The probes a second of which the sample's answers, and one deviation more, are the usual share.
double CongestionController::capacity(const Round& sample) const noexcept {
  const double seconds = std::chrono::duration<double>(sample.length).count();
  const double answered = answers(sample) + std::sqrt(answers(sample));
  return answered / expected(sample.first) * sample.all / seconds;
}

Duration CongestionController::usual_rtt() const noexcept { return usual_rtt_.value_or(Duration(0)); }

bool CongestionController::is_queueing() const noexcept {
  return rtt_ && *rtt_ > usual_rtt() + std::max(usual_rtt(), kQueue);
}

bool CongestionController::is_queueing_badly() const noexcept {
  return rtt_ && *rtt_ > usual_rtt() + std::max(3 * usual_rtt(), kBadQueue);
}

void CongestionController::evaluate(const Round& round) {
  if (rtt_) usual_rtt_ = std::min(usual_rtt_.value_or(*rtt_), *rtt_);
  if (!knows_usual()) {
    if (rtt_) add_usual(round);
    return grow(false);
  }
  const bool faster = round.rate > rate_ * 1.01;
  if (faster) {  // sent before a cut: how deep it must be shows only when the queues are full
    if (judge(round.first, answers(round)) == Judgement::low)
      set_rate(std::clamp(kOfCapacity * capacity(round), rate_ / 2, rate_));
    return;
  }
  if (round.rate < rate_ * 0.99) {  // sent before a rise
    if (judge(round.first, answers(round)) == Judgement::low) return cut(round);
    if (slow_start_) add_usual(round);
    return;
  }
  sample_.length += round.length;
  sample_.first += round.first;
  sample_.all += round.all;
  sample_.answered += round.answered;
  sample_.open += round.open;
  evaluate_current();
}

void CongestionController::evaluate_current() {
  if (is_queueing_badly()) {  // no loss yet, because the queue is long
    slow_start_ = false;
    step_ = kFirstStep;
    set_rate(rate_ * kBackOff);
    sample_ = {};
    return;
  }
  switch (judge(sample_.first, answers(sample_))) {
    case Judgement::low: return cut(sample_);
    case Judgement::usual:
      cuts_in_a_row_ = 0;
      proven_ = std::max(proven_, rate_);
      grow(true);
      break;
    case Judgement::too_little:
      if (slow_start_ && outweighs_usual(sample_)) break;
      if (sample_.length < kLongestSample || rate_ >= static_cast<double>(bounds_.unproven)) return;
      grow(false);
      break;
  }
  if (slow_start_) add_usual(sample_);
  sample_ = {};
}

void CongestionController::grow(bool proven) {
  const double seconds = std::chrono::duration<double>(sample_.length).count();
  if (is_queueing()) return;
  if (proven && sample_.all < kBusy * rate_ * seconds) return;  // there is no use for more
  double rate = rate_ * (slow_start_ ? bounds_.growth : 1 + step_);
  if (!slow_start_) step_ = std::min(step_ * kStepGrowth, kLargestStep);
  if (!proven) rate = std::max(std::min(rate, static_cast<double>(bounds_.unproven)), rate_);
  set_rate(rate);
}

void CongestionController::cut(const Round& sample) {
  const double share = answers(sample) / expected(sample.first);
  if (cuts_in_a_row_ == 0) {
    rate_before_cuts_ = rate_;
    share_at_first_cut_ = share;
  }
  ++cuts_in_a_row_;
  slow_start_ = false;
  step_ = kFirstStep;
  if (cuts_in_a_row_ > kCutsInVain && share < share_at_first_cut_ * kHelped) {
    // Slower is no better, so it is not the rate that loses them.
    usual_ = {sample.first, sample.answered};
    usual_open_ = {sample.first, sample.open};
    cuts_in_a_row_ = 0;
    set_rate(rate_before_cuts_);
    return;
  }
  set_rate(std::clamp(kOfCapacity * capacity(sample), rate_ * kDeepestCut, rate_ * kOfCapacity));
  proven_ = rate_;
}

void CongestionController::on_answers_lost(MonotonicTime now) {
  if (now_.number < first_valid_) return;
  slow_start_ = false;
  step_ = kFirstStep;
  set_rate(rate_ * kBackOff);
  end_round(now);
  first_valid_ = now_.number;
  sample_ = {};
}

void CongestionController::count(Evidence evidence) {
  evidence_ = evidence;
  slow_start_ = true;
  cuts_in_a_row_ = 0;
  sample_ = {};
  bounds_.unproven = std::min(bounds_.unproven * kAlive, bounds_.most);
  set_rate(std::max(rate_, rate_before_cuts_));
}

void CongestionController::on_first_tries_over() noexcept {
  const double trusted = expected(1) < kSparse ? proven_ / 2 : proven_;
  set_rate(std::min(rate_, std::max(trusted, static_cast<double>(bounds_.unproven))));
}

}  // namespace tcp::scan
