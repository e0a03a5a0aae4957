// SPDX-License-Identifier: MIT
// Tells a host that limits its resets from a way that is too narrow: behind a full queue everything is late and lost
// alike, while a host that sends only so many RST a second answers for its open ports at once.
#pragma once

#include <cstdint>
#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/scan/answer.hpp"

namespace tcp::scan {

class ResetLimit {
 public:
  // An answer that decided a port of the host, and its RTT where it is known.
  void add(AnswerKind kind, unsigned attempt, std::optional<Duration> rtt, MonotonicTime received) noexcept;
  // The rate had to be cut: whether that is the host's doing, as far as the answers tell by now.
  [[nodiscard]] bool is_likely() const noexcept;
  // The same for one host of several, where the rate need not have been cut: many of its resets came late, and at a
  // steady pace.
  [[nodiscard]] bool is_mostly_late() const noexcept;
  // RST a second over the last second or more; 0 when there were none, and in the first one, which a host may begin
  // with a burst.
  [[nodiscard]] std::uint64_t resets_a_second() const noexcept { return per_second_; }

 private:
  [[nodiscard]] bool is_likely(double surprise) const noexcept;

  struct Tally {
    double answered = 0;
    double late = 0;  // after a try that was not answered
  };
  Tally open_;
  Tally closed_;
  std::optional<Duration> shortest_;
  double recent_ = 0;  // RTT, smoothed, in nanoseconds
  MonotonicTime second_began_{};
  std::uint64_t in_second_ = 0;
  std::uint64_t per_second_ = 0;
};

}  // namespace tcp::scan
