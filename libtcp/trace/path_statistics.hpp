// SPDX-License-Identifier: MIT
// A path that is traced again and again: loss and round trips of each hop over all rounds, and when the route changed.
// Bounded, however long it goes on.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "libtcp/trace/path.hpp"

namespace tcp::trace {

// From one round to a later one, other addresses answered for a hop.
struct RouteChange {
  WallTime time;
  std::uint8_t hop = 0;
  std::vector<IpAddress> before;
  std::vector<IpAddress> after;
};

class PathStatistics {
 public:
  // The next round.
  void add(const Path& path);

  [[nodiscard]] std::uint64_t rounds() const noexcept { return rounds_; }
  // Over all rounds; as many as the longest round had.
  [[nodiscard]] const std::vector<Hop>& hops() const noexcept { return hops_; }
  // The latest ones, oldest first.
  [[nodiscard]] const std::deque<RouteChange>& route_changes() const noexcept { return changes_; }
  [[nodiscard]] std::uint64_t route_changes_omitted() const noexcept { return omitted_; }

 private:
  void compare(const Hop& hop, WallTime time);

  std::uint64_t rounds_ = 0;
  std::uint64_t omitted_ = 0;
  std::vector<Hop> hops_;
  std::vector<Duration> sums_;                  // of the round trips
  std::vector<std::vector<IpAddress>> latest_;  // who answered for a hop the last time that anybody did
  std::deque<RouteChange> changes_;
};

}  // namespace tcp::trace
