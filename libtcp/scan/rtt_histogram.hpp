// SPDX-License-Identifier: MIT
// How long answers took, over all targets: counts in classes a fifth wide, from 10 µs to minutes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "libtcp/base/clock.hpp"

namespace tcp::scan {

class RttHistogram {
 public:
  void add(Duration rtt) noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  // What `share` (0 to 1) of the answers stayed below, rounded up to its class; nothing before the first.
  [[nodiscard]] std::optional<Duration> quantile(double share) const noexcept;

 private:
  static constexpr std::size_t kClasses = 96;
  std::array<std::uint64_t, kClasses> classes_{};
  std::uint64_t count_ = 0;
};

}  // namespace tcp::scan
