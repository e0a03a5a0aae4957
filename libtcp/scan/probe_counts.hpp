// SPDX-License-Identifier: MIT
// What a scan has done and found, in numbers.
#pragma once

#include <cstdint>
#include <optional>

namespace tcp::scan {

struct ProbeCounts {
  std::uint64_t pairs = 0;
  std::uint64_t probes_sent = 0;
  std::uint64_t retransmissions = 0;
  std::uint64_t open = 0;
  std::uint64_t open_filtered = 0;
  std::uint64_t unfiltered = 0;
  std::uint64_t closed = 0;
  std::uint64_t filtered = 0;
  std::uint64_t errors = 0;
  std::uint64_t left_out = 0;          // of hosts that are not probed
  std::uint64_t unfinished = 0;        // not probed, or not often enough to call it filtered
  std::uint64_t duplicates = 0;        // answers for a pair that was decided
  std::uint64_t unasked = 0;           // answers to what was never sent
  std::uint64_t tries_answered = 0;    // of decided pairs: tries up to the one that was answered
  std::uint64_t tries_unanswered = 0;  // of these, tries before it

  // The share of tries that got no answer where a later one did; nothing before the first answer.
  [[nodiscard]] std::optional<double> loss() const noexcept {
    if (tries_answered == 0) return std::nullopt;
    return static_cast<double>(tries_unanswered) / static_cast<double>(tries_answered);
  }
  friend bool operator==(const ProbeCounts&, const ProbeCounts&) = default;
};

}  // namespace tcp::scan
