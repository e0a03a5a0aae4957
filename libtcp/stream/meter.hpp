// SPDX-License-Identifier: MIT
// Counts the payload of one direction and remembers when the conversation last moved.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libtcp/base/clock.hpp"

namespace tcp::stream {

class Meter {
 public:
  // The references must outlive it.
  Meter(const Clock& clock, std::uint64_t& bytes, MonotonicTime& last_activity)
      : clock_(clock), bytes_(bytes), last_activity_(last_activity) {}

  void count(std::size_t bytes) {
    bytes_ += bytes;
    last_activity_ = clock_.now();
  }

 private:
  const Clock& clock_;
  std::uint64_t& bytes_;
  MonotonicTime& last_activity_;
};

}  // namespace tcp::stream
