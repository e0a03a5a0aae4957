// SPDX-License-Identifier: MIT
#include "libtcp/scan/reset_limit.hpp"

#include <algorithm>
#include <cmath>

namespace tcp::scan {
namespace {

using std::chrono::milliseconds;

constexpr double kEnoughLate = 30;
constexpr double kEnoughOpen = 2;               // expected to be late, were it the way: then only they count
constexpr double kSurprise = 22;                // deviance: chance does it once in some hundred thousand looks
constexpr std::uint64_t kHighestLimit = 5'000;  // RST a second that a host is believed to hold itself to
// Of the resets of one host of several: what is done for nothing when it was the way is to wait.
constexpr double kMostlyLate = 0.4;
constexpr double kSurpriseOfOne = 10;  // deviance
constexpr double kQueueing = 1.25;     // of the shortest RTT, and
constexpr Duration kQueueingLeast = milliseconds(5);

double likelihood_term(double found, double expected) noexcept {
  return found > 0 ? found * std::log(found / expected) : 0;
}

// How surprising it is that only so few of `all` came, each being as likely to as `share`: the deviance of a binomial
// variable; 0 when they are as many as expected.
double deviance_below(double found, double all, double share) noexcept {
  const double expected = all * share;
  if (found >= expected) return 0;
  return 2 * (likelihood_term(found, expected) + likelihood_term(all - found, all - expected));
}

}  // namespace

void ResetLimit::add(AnswerKind kind, unsigned attempt, std::optional<Duration> rtt, MonotonicTime received) noexcept {
  if (kind != AnswerKind::syn_ack && kind != AnswerKind::rst) return;
  Tally& tally = kind == AnswerKind::syn_ack ? open_ : closed_;
  tally.answered += 1;
  if (attempt > 0) tally.late += 1;
  if (rtt) {
    shortest_ = std::min(shortest_.value_or(*rtt), *rtt);
    const auto value = static_cast<double>(rtt->count());
    recent_ = recent_ == 0 ? value : recent_ + (value - recent_) / 64;
  }
  // Before a try went unanswered the host spent what it had saved up.
  if (kind == AnswerKind::syn_ack || closed_.late == 0) return;
  const Duration elapsed = received - second_began_;
  if (in_second_ == 0 || elapsed >= std::chrono::seconds(1)) {
    const double seconds = std::chrono::duration<double>(elapsed).count();
    if (in_second_ > 0) per_second_ = static_cast<std::uint64_t>(static_cast<double>(in_second_) / seconds);
    second_began_ = received;
    in_second_ = 0;
  }
  ++in_second_;
}

bool ResetLimit::is_likely(double surprise) const noexcept {
  if (closed_.late < kEnoughLate) return false;
  const double share = closed_.late / closed_.answered;
  if (open_.answered * share >= kEnoughOpen) return deviance_below(open_.late, open_.answered, share) >= surprise;
  if (open_.late > 0) return false;
  if (per_second_ == 0 || per_second_ > kHighestLimit || !shortest_) return false;
  const auto shortest = static_cast<double>(shortest_->count());
  return recent_ < std::max(shortest * kQueueing, shortest + static_cast<double>(kQueueingLeast.count()));
}

bool ResetLimit::is_likely() const noexcept { return is_likely(kSurprise); }

bool ResetLimit::is_mostly_late() const noexcept {
  return per_second_ > 0 && per_second_ <= kHighestLimit && closed_.late >= kMostlyLate * closed_.answered &&
         is_likely(kSurpriseOfOne);
}

}  // namespace tcp::scan
