// SPDX-License-Identifier: MIT
#include "libtcp/scan/rtt_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tcp::scan {
namespace {

constexpr std::uint64_t kUnit = 10'000;  // nanoseconds
constexpr std::uint64_t kPerDoubling = 4;

// Four classes a doubling: the two bits below the highest one.
std::size_t class_of(Duration rtt) noexcept {
  const std::uint64_t value = static_cast<std::uint64_t>(std::max<std::int64_t>(rtt.count(), 0)) * 4 / kUnit + 4;
  const auto exponent = static_cast<unsigned>(std::bit_width(value)) - 3;
  return exponent * kPerDoubling + ((value >> exponent) & 3);
}

Duration end_of(std::size_t number) noexcept {
  const std::size_t exponent = number / kPerDoubling;
  const std::uint64_t value = (4 + number % kPerDoubling + 1) << exponent;
  return Duration(static_cast<std::int64_t>((value - 4) * kUnit / 4));
}

}  // namespace

void RttHistogram::add(Duration rtt) noexcept {
  ++classes_[std::min(class_of(rtt), kClasses - 1)];
  ++count_;
}

std::optional<Duration> RttHistogram::quantile(double share) const noexcept {
  if (count_ == 0) return std::nullopt;
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  std::size_t number = 0;
  while (number + 1 < kClasses && (seen += classes_[number]) < wanted) ++number;
  return end_of(number);
}

}  // namespace tcp::scan
