// SPDX-License-Identifier: MIT
// The two clocks that engines are handed: monotonic for waiting and rates, wall for what people and captures read.
#pragma once

#include <chrono>
#include <string>

namespace tcp {

using Duration = std::chrono::nanoseconds;
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;  // CLOCK_MONOTONIC
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;       // CLOCK_REALTIME, since 1970

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual MonotonicTime now() const = 0;
  [[nodiscard]] virtual WallTime wall_now() const = 0;
};

// The kernel's clocks; the one place that reads them.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] MonotonicTime now() const override;
  [[nodiscard]] WallTime wall_now() const override;
};

// A clock that a test moves by hand.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] MonotonicTime now() const override { return now_; }
  [[nodiscard]] WallTime wall_now() const override { return WallTime(now_.time_since_epoch()); }
  void advance(Duration by) { now_ += by; }
  void set(MonotonicTime now) { now_ = now; }

 private:
  MonotonicTime now_{};
};

// RFC 3339 in UTC with microseconds: "2026-01-31T03:00:00.000000Z".
[[nodiscard]] std::string to_rfc3339(WallTime time);

}  // namespace tcp
