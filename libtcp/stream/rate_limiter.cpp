// SPDX-License-Identifier: MIT
#include "libtcp/stream/rate_limiter.hpp"

#include <algorithm>

namespace tcp::stream {
namespace {

constexpr std::uint64_t kNanoseconds = 1'000'000'000;
constexpr Duration kDepth = std::chrono::milliseconds(100);
constexpr Duration kWorthwhile = std::chrono::milliseconds(10);

Duration time_of_one_byte(std::uint64_t rate) { return Duration((kNanoseconds + rate - 1) / rate); }

}  // namespace

RateLimiter::RateLimiter(std::uint64_t bytes_per_second, MonotonicTime now)
    : rate_(std::clamp(bytes_per_second, kLeastRate, kMostRate)),
      depth_(std::max(kDepth, time_of_one_byte(rate_) + Duration(1))),  // a byte, and the remainder of the last one
      worthwhile_(std::max(kWorthwhile, time_of_one_byte(rate_))),
      paid_until_(now - worthwhile_) {}

std::uint64_t RateLimiter::allowance(MonotonicTime now) const {
  const Duration credit = std::min(now - paid_until_, depth_);
  if (credit <= Duration()) return 0;
  const std::uint64_t tokens = static_cast<std::uint64_t>(credit.count()) * rate_;
  return tokens < remainder_ ? 0 : (tokens - remainder_) / kNanoseconds;
}

// The remainder is less than a nanosecond.
MonotonicTime RateLimiter::ready_at() const { return paid_until_ + worthwhile_ + Duration(remainder_ > 0 ? 1 : 0); }

void RateLimiter::spend(std::uint64_t bytes, MonotonicTime now) {
  if (now - depth_ > paid_until_) {
    paid_until_ = now - depth_;  // what a full bucket could not hold is gone
    remainder_ = 0;
  }
  const std::uint64_t tokens = std::min(bytes, kMostAtOnce) * kNanoseconds + remainder_;
  paid_until_ += Duration(tokens / rate_);
  remainder_ = tokens % rate_;
}

}  // namespace tcp::stream
