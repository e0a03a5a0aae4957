// SPDX-License-Identifier: MIT
#include "libtcp/scan/rtt_estimator.hpp"

#include <algorithm>

namespace tcp::scan {

void RttEstimator::sample(Duration rtt) noexcept {
  rtt = std::max(rtt, Duration(0));
  if (!measured_) {
    measured_ = true;
    smoothed_ = rtt;
    variation_ = rtt / 2;
    return;
  }
  const Duration error = rtt > smoothed_ ? rtt - smoothed_ : smoothed_ - rtt;
  variation_ += (error - variation_) / 4;
  smoothed_ += (rtt - smoothed_) / 8;
}

std::optional<Duration> RttEstimator::smoothed() const noexcept {
  return measured_ ? std::optional(smoothed_) : std::nullopt;
}

Duration RttEstimator::timeout(const RtoLimits& limits) const noexcept {
  return std::min(measured_ ? std::max(smoothed_ + 4 * variation_, limits.minimum) : limits.initial, limits.maximum);
}

}  // namespace tcp::scan
