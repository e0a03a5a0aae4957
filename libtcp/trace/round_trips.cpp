// SPDX-License-Identifier: MIT
#include "libtcp/trace/round_trips.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tcp::trace {
namespace {

constexpr std::int64_t kUnit = 1000;  // a microsecond

// The octave by the highest bit, the eighth by the three bits behind it. Below 8 us there is one class a microsecond.
std::size_t class_of(Duration time) noexcept {
  const auto units = static_cast<std::uint64_t>(std::max<std::int64_t>(time.count() / kUnit, 1));
  const auto octave = static_cast<std::size_t>(std::bit_width(units) - 1);
  const std::uint64_t scaled = octave >= 3 ? units >> (octave - 3) : units << (3 - octave);
  const std::size_t index = octave * RoundTrips::kPerOctave + (scaled & 7);
  return std::min(index, RoundTrips::kClasses - 1);
}

}  // namespace

void RoundTrips::add(Duration time) {
  const std::size_t index = class_of(time);
  if (!classes_ && count_ == kFew) spread();
  if (classes_) {
    ++(*classes_)[index];
  } else {
    few_[count_] = static_cast<std::uint8_t>(index);
  }
  ++count_;
  sum_ += static_cast<double>(time.count());
  least_ = std::min(least_, time);
  most_ = std::max(most_, time);
}

void RoundTrips::spread() {
  classes_ = std::make_unique<Classes>();
  for (const std::uint8_t index : few_) ++(*classes_)[index];
}

void RoundTrips::prefetch(Duration time) const noexcept {
  if (classes_) __builtin_prefetch(&(*classes_)[class_of(time)], 1);
}

std::uint32_t RoundTrips::in_class(std::size_t index) const noexcept {
  if (classes_) return (*classes_)[index];
  return static_cast<std::uint32_t>(
      std::count(few_.begin(), few_.begin() + static_cast<std::ptrdiff_t>(count_), index));
}

Duration RoundTrips::mean() const noexcept {
  if (count_ == 0) return Duration::zero();
  return Duration(static_cast<std::int64_t>(sum_ / static_cast<double>(count_)));
}

Duration RoundTrips::class_begin(std::size_t index) noexcept {
  const std::size_t octave = index / kPerOctave;
  const auto begin = (8 + static_cast<std::int64_t>(index % kPerOctave)) * kUnit;
  return Duration(octave >= 3 ? begin << (octave - 3) : begin >> (3 - octave));
}

Duration RoundTrips::class_end(std::size_t index) noexcept {
  return std::max(class_begin(index + 1), class_begin(index) + Duration(kUnit));
}

Duration RoundTrips::percentile(double fraction) const noexcept {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  if (wanted <= 1) return least_;
  if (wanted >= count_) return most_;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < kClasses; ++i) {
    const std::uint32_t here = in_class(i);
    seen += here;
    if (seen < wanted || here == 0) continue;
    const Duration middle = (class_begin(i) + class_begin(i + 1)) / 2;
    return std::clamp(middle, least_, most_);
  }
  return most_;
}

}  // namespace tcp::trace
