// SPDX-License-Identifier: MIT
// The order in which targets are tried, and what is known of each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/forward_options.hpp"

namespace tcp::stream {

class Balancer {
 public:
  Balancer(std::size_t targets, Balance policy, std::uint64_t seed);

  // All of them, the policy's choice first, those believed dead last. Counts as a turn of round-robin.
  [[nodiscard]] std::vector<std::size_t> order(MonotonicTime now);

  // A conversation with this target began or ended.
  void began(std::size_t target) { ++targets_[target].conversations; }
  void ended(std::size_t target) { --targets_[target].conversations; }

  // True when it was not believed dead before.
  bool mark_dead(std::size_t target, MonotonicTime until);
  void mark_alive(std::size_t target) { targets_[target].dead_until = MonotonicTime::min(); }

 private:
  struct Target {
    std::size_t conversations = 0;
    MonotonicTime dead_until = MonotonicTime::min();
  };

  std::vector<Target> targets_;
  Balance policy_;
  std::size_t turn_ = 0;
  std::mt19937_64 random_;
};

}  // namespace tcp::stream
