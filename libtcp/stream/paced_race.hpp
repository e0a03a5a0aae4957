// SPDX-License-Identifier: MIT
// A race whose attempts start when RFC 8305 §5 says so. Waiting is its owner's.
#pragma once

#include <functional>

#include "libtcp/stream/connect_race.hpp"

namespace tcp::stream {

class PacedRace {
 public:
  // Has EPOLLOUT of an attempt's descriptor watched.
  using Watch = std::function<Result<void>(int fd)>;

  // `options`, `observer` and `clock` must outlive it.
  PacedRace(std::vector<IpAddress> order, const DialOptions& options, SessionObserver& observer, const Clock& clock,
            MonotonicTime deadline);

  // Starts what is due. Errors: the race is lost, or its time is over.
  [[nodiscard]] Result<void> advance(const Watch& watch);
  // When it has to be advanced again, if no attempt ends before.
  [[nodiscard]] MonotonicTime wake() const noexcept;
  // A watched descriptor is ready. True when it is connected; otherwise the race is to be advanced.
  [[nodiscard]] bool settle(int fd);
  [[nodiscard]] ConnectRace::Winner take_winner() { return race_.take_winner(); }

 private:
  ConnectRace race_;
  const Clock& clock_;
  Duration attempt_delay_;
  MonotonicTime next_start_;
  MonotonicTime deadline_;
};

}  // namespace tcp::stream
