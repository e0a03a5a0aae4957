// SPDX-License-Identifier: MIT
#include "libtcp/trace/round_trips.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <vector>

using namespace std::chrono_literals;
using tcp::Duration;
using tcp::trace::RoundTrips;

namespace {

std::size_t class_holding(const RoundTrips& times, Duration time) {
  for (std::size_t i = 0; i < RoundTrips::kClasses; ++i) {
    if (time >= RoundTrips::class_begin(i) && time < RoundTrips::class_end(i) && times.in_class(i) > 0) return i;
  }
  return RoundTrips::kClasses;
}

}  // namespace

TEST_CASE("none") {
  const RoundTrips none;
  CHECK(none.count() == 0);
  for (std::size_t i = 0; i < RoundTrips::kClasses; ++i) CHECK(none.in_class(i) == 0);
}

TEST_CASE("a few are counted as many are") {
  for (const std::size_t count : std::vector<std::size_t>{1, 2, 23, 24, 25, 26, 100, 5'000}) {
    CAPTURE(count);
    RoundTrips times;
    std::vector<Duration> all;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(Duration(9us) + (i * 7919 % 1'000) * 37us);
      times.add(all.back());
    }
    std::ranges::sort(all);
    CHECK(times.count() == count);
    CHECK(times.least() == all.front());
    CHECK(times.most() == all.back());
    std::uint64_t in_classes = 0;
    for (std::size_t i = 0; i < RoundTrips::kClasses; ++i) in_classes += times.in_class(i);
    CHECK(in_classes == count);
    for (const Duration time : all) CHECK(class_holding(times, time) < RoundTrips::kClasses);
    for (const double fraction : {0.5, 0.9, 0.99}) {
      const auto rank = static_cast<std::size_t>(fraction * static_cast<double>(count) + 0.999999);
      const auto exact = static_cast<double>(all[std::min(std::max<std::size_t>(rank, 1), count) - 1].count());
      CHECK(static_cast<double>(times.percentile(fraction).count()) == doctest::Approx(exact).epsilon(0.1));
    }
  }
}
