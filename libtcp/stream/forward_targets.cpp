// SPDX-License-Identifier: MIT
#include "libtcp/stream/forward_targets.hpp"

namespace tcp::stream {

ForwardTargets::ForwardTargets(const ForwardOptions& options, SessionObserver& observer, const Clock& clock)
    : options_(options),
      observer_(observer),
      clock_(clock),
      balancer_(options.targets.size(), options.balance, std::random_device()()) {}

void ForwardTargets::mark_dead(std::size_t target, const Error& error) {
  const bool is_news = balancer_.mark_dead(target, clock_.now() + options_.dead_time);
  if (is_news && (options_.targets.size() > 1 || options_.outlives_clients)) observer_.on_warning(error);
}

}  // namespace tcp::stream
