// SPDX-License-Identifier: MIT
// What many round-trip times are like together.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"

namespace tcp::trace {

struct Distribution {
  // Equal widths from the least on; the last one holds everything above the 99th percentile as well.
  struct Bin {
    Duration from{};
    Duration to{};
    std::uint64_t count = 0;
  };

  std::uint64_t count = 0;
  Duration least{};
  Duration median{};
  Duration p90{};
  Duration p99{};
  Duration most{};
  Duration mean{};
  Duration deviation{};  // standard deviation: the jitter
  std::vector<Bin> bins;
};

// Nothing without samples. Percentiles are samples: the smallest that so many are not above (nearest rank).
[[nodiscard]] std::optional<Distribution> distribution_of(std::vector<Duration> samples);

}  // namespace tcp::trace
