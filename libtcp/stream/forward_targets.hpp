// SPDX-License-Identifier: MIT
// The targets of a forwarder: which one is next, and which are believed dead.
#pragma once

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/balancer.hpp"
#include "libtcp/stream/forward_options.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

class ForwardTargets {
 public:
  // The references must outlive it.
  ForwardTargets(const ForwardOptions& options, SessionObserver& observer, const Clock& clock);

  [[nodiscard]] const DialOptions& at(std::size_t target) const { return options_.targets[target]; }
  // All of them, as Balancer::order().
  [[nodiscard]] std::vector<std::size_t> order() { return balancer_.order(clock_.now()); }

  // A conversation with this target began, perhaps in vain, or ended.
  void began(std::size_t target) { balancer_.began(target); }
  void ended(std::size_t target) { balancer_.ended(target); }
  void mark_alive(std::size_t target) { balancer_.mark_alive(target); }
  // One warning each time that a target turns dead, when there is something to go on with.
  void mark_dead(std::size_t target, const Error& error);

 private:
  const ForwardOptions& options_;
  SessionObserver& observer_;
  const Clock& clock_;
  Balancer balancer_;
};

}  // namespace tcp::stream
