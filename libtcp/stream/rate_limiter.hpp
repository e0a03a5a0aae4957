// SPDX-License-Identifier: MIT
// A token bucket: never more than its depth above a steady rate, and nothing lost to rounding over any time.
#pragma once

#include <cstdint>

#include "libtcp/base/clock.hpp"

namespace tcp::stream {

class RateLimiter {
 public:
  // Within these a product of bytes, nanoseconds and rate fits 64 bits.
  static constexpr std::uint64_t kLeastRate = 1;                        // bytes a second
  static constexpr std::uint64_t kMostRate = 100'000'000'000;           // likewise
  static constexpr std::uint64_t kMostAtOnce = std::uint64_t{1} << 30;  // bytes spent in one call

  // The bucket holds 100 ms worth, so that being late by less loses nothing; it begins with a tenth of that. At least
  // one byte, both.
  RateLimiter(std::uint64_t bytes_per_second, MonotonicTime now);

  // Bytes that may pass now.
  [[nodiscard]] std::uint64_t allowance(MonotonicTime now) const;
  // When it is worth trying again: there are 10 ms worth, or one byte. In the past when there are already.
  [[nodiscard]] MonotonicTime ready_at() const;
  // `bytes` have passed, ideally no more than the allowance; what was too much is waited for later.
  void spend(std::uint64_t bytes, MonotonicTime now);

 private:
  std::uint64_t rate_;
  Duration depth_;               // how long an empty bucket takes to fill
  Duration worthwhile_;          // how long until a step is worth its system call
  MonotonicTime paid_until_;     // the moment at which a steady stream would have sent all that has been spent
  std::uint64_t remainder_ = 0;  // of a nanosecond, in units of 1/rate_
};

}  // namespace tcp::stream
