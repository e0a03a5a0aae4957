// SPDX-License-Identifier: MIT
#include "libtcp/scan/loss_meter.hpp"

#include <algorithm>
#include <cmath>

#include "libtcp/scan/answer.hpp"

namespace tcp::scan {
namespace {

// A beta distribution's parameters: what is believed before there is evidence.
constexpr double kAssumedLost = 0.5;
constexpr double kAssumedTries = 20;
constexpr double kFewestTries = 2;  // one may always meet a burst

}  // namespace

std::optional<double> LossMeter::loss() const noexcept {
  if (tries_ == 0) return std::nullopt;
  return static_cast<double>(lost_) / static_cast<double>(tries_);
}

double LossMeter::upper_bound() const noexcept {
  const double tries = static_cast<double>(tries_) + kAssumedTries;
  const double mean = (static_cast<double>(lost_) + kAssumedLost) / tries;
  return std::min(mean + 2 * std::sqrt(mean * (1 - mean) / tries), 0.99);
}

unsigned LossMeter::tries_for(double confidence, double odds) const noexcept {
  const double tolerated = (1 - confidence) / std::max(odds, 1.0);
  const double tries = std::ceil(std::log(tolerated) / std::log(upper_bound()));
  return static_cast<unsigned>(std::clamp(tries, kFewestTries, static_cast<double>(kMostTries)));
}

double LossMeter::confidence_of(unsigned tries) const noexcept { return 1 - std::pow(upper_bound(), tries); }

}  // namespace tcp::scan
