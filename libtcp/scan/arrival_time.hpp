// SPDX-License-Identifier: MIT
// When a packet arrived, by the monotonic clock, though the kernel has stamped it with the wall clock, which may be set
// at any time.
#pragma once

#include "libtcp/base/clock.hpp"

namespace tcp::scan {

class ArrivalTime {
 public:
  explicit ArrivalTime(MonotonicTime start) noexcept : emptied_(start) {}

  // Both clocks, read together, before packets are taken.
  void read(MonotonicTime now, WallTime wall_now) noexcept {
    now_ = now;
    wall_now_ = wall_now;
  }
  // Of a packet with that stamp: never in the future, nor before the last time that all packets were taken; `now` when
  // the stamp says something else, as after the wall clock was set.
  [[nodiscard]] MonotonicTime of(WallTime stamp) const noexcept {
    const Duration age = wall_now_ - stamp;
    return age < Duration(0) || age > now_ - emptied_ + kLongestHeld ? now_ : now_ - age;
  }
  // All packets that were there have been taken.
  void on_empty() noexcept { emptied_ = now_; }

 private:
  static constexpr Duration kLongestHeld = std::chrono::milliseconds(100);  // the kernel hands packets over in blocks

  MonotonicTime now_{};
  WallTime wall_now_{};
  MonotonicTime emptied_;
};

}  // namespace tcp::scan
