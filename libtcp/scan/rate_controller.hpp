// SPDX-License-Identifier: MIT
// How many probes may leave now: a token bucket in exact integers, empty at the start, so that there is no burst.
#pragma once

#include <cstdint>

#include "libtcp/base/clock.hpp"

namespace tcp::scan {

class RateController {
 public:
  // `rate` in probes a second, 1 to 100,000,000.
  RateController(std::uint64_t rate, MonotonicTime start) noexcept;

  // From `now` on.
  void set_rate(std::uint64_t rate, MonotonicTime now) noexcept;
  [[nodiscard]] std::uint64_t rate() const noexcept { return rate_; }

  // Probes that may be sent at `now`. What a late caller missed is kept for ten milliseconds, not longer.
  [[nodiscard]] std::uint64_t available(MonotonicTime now) noexcept;
  // `count` at most what was available.
  void spend(std::uint64_t count) noexcept;
  // When the next worthwhile batch may leave: a millisecond's worth of probes, or one.
  [[nodiscard]] MonotonicTime next_batch() const noexcept;

 private:
  std::uint64_t rate_;
  std::uint64_t credit_ = 0;  // in billionths of a probe
  std::uint64_t most_;        // credit that is kept
  MonotonicTime updated_;
};

}  // namespace tcp::scan
