// SPDX-License-Identifier: MIT
// The retransmission timeout of RFC 6298, in nanoseconds.
#pragma once

#include <optional>

#include "libtcp/base/clock.hpp"

namespace tcp::scan {

struct RtoLimits {
  Duration initial = std::chrono::seconds(1);         // RFC 6298 §2.1, until there is a sample
  Duration minimum = std::chrono::milliseconds(100);  // below the RFC's second: a probe too many harms nobody
  Duration maximum = std::chrono::seconds(2);
};

class RttEstimator {
 public:
  // Every try has its own source port, so a sample is never ambiguous (Karn's rule has nothing to forbid).
  void sample(Duration rtt) noexcept;

  [[nodiscard]] std::optional<Duration> smoothed() const noexcept;
  // SRTT + 4 × RTTVAR within the limits. Not doubled for an earlier try (§5.5): it is the rate of all probes that a
  // lost one slows.
  [[nodiscard]] Duration timeout(const RtoLimits& limits) const noexcept;

 private:
  Duration smoothed_{};
  Duration variation_{};
  bool measured_ = false;
};

}  // namespace tcp::scan
