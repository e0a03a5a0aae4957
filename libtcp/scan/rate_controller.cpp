// SPDX-License-Identifier: MIT
#include "libtcp/scan/rate_controller.hpp"

#include <algorithm>
#include <cassert>

#include "libtcp/scan/congestion_controller.hpp"

namespace tcp::scan {
namespace {

constexpr std::uint64_t kProbe = 1'000'000'000;         // credit of one probe: rate × nanoseconds
constexpr std::uint64_t kKept = 10'000'000;             // nanoseconds whose probes a late caller may still send
constexpr std::uint64_t kLongestPause = 1'000'000'000;  // nanoseconds that count; keeps the product within 64 bits

}  // namespace

RateController::RateController(std::uint64_t rate, MonotonicTime start) noexcept
    : rate_(std::clamp<std::uint64_t>(rate, 1, kHighestRate)), most_(kProbe + rate_ * kKept), updated_(start) {}

void RateController::set_rate(std::uint64_t rate, MonotonicTime now) noexcept {
  (void)available(now);
  rate_ = std::clamp<std::uint64_t>(rate, 1, kHighestRate);
  most_ = kProbe + rate_ * kKept;
  credit_ = std::min(credit_, most_);
}

std::uint64_t RateController::available(MonotonicTime now) noexcept {
  if (now > updated_) {
    const auto elapsed = static_cast<std::uint64_t>((now - updated_).count());
    credit_ = std::min(credit_ + std::min(elapsed, kLongestPause) * rate_, most_);
    updated_ = now;
  }
  return credit_ / kProbe;
}

void RateController::spend(std::uint64_t count) noexcept {
  assert(count * kProbe <= credit_);
  credit_ -= count * kProbe;
}

MonotonicTime RateController::next_batch() const noexcept {
  const std::uint64_t wanted = std::max<std::uint64_t>(rate_ / 1000, 1) * kProbe;
  if (credit_ >= wanted) return updated_;
  return updated_ + Duration(static_cast<std::int64_t>((wanted - credit_ + rate_ - 1) / rate_));
}

}  // namespace tcp::scan
