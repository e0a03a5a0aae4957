// SPDX-License-Identifier: MIT
// Many round-trip times in little memory: counted in classes an eighth of an octave wide (9 %) from 1 us to 268 s. Of a
// few, as most servers have, only their classes are kept: 64 bytes in all.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "libtcp/base/clock.hpp"

namespace tcp::trace {

class RoundTrips {
 public:
  static constexpr std::size_t kPerOctave = 8;
  static constexpr std::size_t kClasses = 28 * kPerOctave;

  void add(Duration time);
  // Asks for the memory that add() will write to, beside this.
  void prefetch(Duration time) const noexcept;
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  // The rest only when count() is not 0.
  [[nodiscard]] Duration least() const noexcept { return least_; }
  [[nodiscard]] Duration most() const noexcept { return most_; }
  [[nodiscard]] Duration mean() const noexcept;
  // The middle of the class where `fraction` (0 to 1) of all are reached, within what was seen.
  [[nodiscard]] Duration percentile(double fraction) const noexcept;

  [[nodiscard]] std::uint32_t in_class(std::size_t index) const noexcept;
  [[nodiscard]] static Duration class_begin(std::size_t index) noexcept;
  // Where the next class begins that can hold any: below 8 us there is one for each microsecond.
  [[nodiscard]] static Duration class_end(std::size_t index) noexcept;

 private:
  static constexpr std::size_t kFew = 24;
  static_assert(kClasses <= 256);
  using Classes = std::array<std::uint32_t, kClasses>;
  void spread();

  std::uint64_t count_ = 0;
  double sum_ = 0;  // nanoseconds
  Duration least_ = Duration::max();
  Duration most_{};
  std::array<std::uint8_t, kFew> few_{};  // the class of each, as long as there are no `classes_`
  std::unique_ptr<Classes> classes_;
};

}  // namespace tcp::trace
