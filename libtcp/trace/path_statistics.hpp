// SPDX-License-Identifier: MIT
// A path that is traced again and again: loss and round trips of each hop over all rounds, and when the route changed.
// Bounded, however long it goes on.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "libtcp/trace/path.hpp"

namespace tcp::trace {

// From one round to a later one, other addresses answered one flow for a hop. Other flows may go other ways at any time
// (load balancing), so flows are not compared with each other; connect() makes a new flow of each probe and shows none.
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
  using Place = std::pair<std::uint32_t, std::uint8_t>;  // flow and hop
  void compare(const Path& path, std::size_t hops);
  void compare(Place place, std::vector<IpAddress> now, WallTime time);
  void note_change(const RouteChange& change);

  std::uint64_t rounds_ = 0;
  std::uint64_t omitted_ = 0;
  std::vector<Hop> hops_;
  std::vector<Duration> sums_;                      // of the round trips
  std::map<Place, std::vector<IpAddress>> latest_;  // who answered the last time that anybody did
  std::deque<RouteChange> changes_;
};

}  // namespace tcp::trace
