// SPDX-License-Identifier: MIT
#include "libtcp/stream/balancer.hpp"

#include <algorithm>
#include <numeric>

namespace tcp::stream {

Balancer::Balancer(std::size_t targets, Balance policy, std::uint64_t seed)
    : targets_(targets), policy_(policy), random_(seed) {}

std::vector<std::size_t> Balancer::order(MonotonicTime now) {
  std::vector<std::size_t> order(targets_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::rotate(order, order.begin() + static_cast<std::ptrdiff_t>(turn_++ % order.size()));
  switch (policy_) {
    case Balance::round_robin: break;
    case Balance::random: std::ranges::shuffle(order, random_); break;
    case Balance::least:  // with the turn as the tie-breaker
      std::ranges::stable_sort(order, {}, [this](std::size_t each) { return targets_[each].conversations; });
      break;
  }
  std::ranges::stable_partition(order, [&](std::size_t each) { return targets_[each].dead_until <= now; });
  return order;
}

bool Balancer::mark_dead(std::size_t target, MonotonicTime until) {
  const bool is_news = targets_[target].dead_until == MonotonicTime::min();
  targets_[target].dead_until = until;
  return is_news;
}

}  // namespace tcp::stream
