// SPDX-License-Identifier: MIT
// How far a pair has come on its way to a target.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/dialer.hpp"
#include "libtcp/stream/paced_race.hpp"

namespace tcp::stream {

struct PairDial {
  std::unique_ptr<DialOptions> own;  // the pair's own target, and the only one
  std::vector<std::size_t> order;    // of the targets, the last one first: each is taken off as its turn comes
  std::optional<Error> failure;      // of the last one that was tried

  // Of the one that is being tried.
  MonotonicTime started;
  MonotonicTime deadline;
  std::optional<Duration> resolve_time;
  bool is_looking_up = false;
  std::unique_ptr<PacedRace> race;  // to the addresses of a host
  std::vector<std::uint64_t> keys;  // of the race's descriptors
  std::chrono::milliseconds pause = kShortestDialPause;
};

}  // namespace tcp::stream
