// SPDX-License-Identifier: MIT
#include "libtcp/base/clock.hpp"

#include <fmt/chrono.h>

namespace tcp {

MonotonicTime SystemClock::now() const { return std::chrono::steady_clock::now(); }

WallTime SystemClock::wall_now() const { return std::chrono::system_clock::now(); }

std::string to_rfc3339(WallTime time) {
  using namespace std::chrono;
  const auto seconds_part = floor<seconds>(time);
  const auto fraction = duration_cast<microseconds>(time - seconds_part);
  return fmt::format("{:%FT%T}.{:06}Z", fmt::gmtime(system_clock::to_time_t(seconds_part)), fraction.count());
}

}  // namespace tcp
