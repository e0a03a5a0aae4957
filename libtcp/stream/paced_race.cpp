// SPDX-License-Identifier: MIT
#include "libtcp/stream/paced_race.hpp"

#include <algorithm>

namespace tcp::stream {

PacedRace::PacedRace(std::vector<IpAddress> order, const DialOptions& options, SessionObserver& observer,
                     const Clock& clock, MonotonicTime deadline)
    : race_(std::move(order), options, observer, clock),
      clock_(clock),
      attempt_delay_(options.attempt_delay),
      next_start_(clock.now()),
      deadline_(deadline) {}

Result<void> PacedRace::advance(const Watch& watch) {
  for (;;) {
    const MonotonicTime now = clock_.now();
    if (now >= deadline_) return std::unexpected(race_.timeout());
    if (!race_.has_next() || (now < next_start_ && race_.is_running())) break;
    const auto fd = race_.start_next();
    if (race_.refusal()) return std::unexpected(*race_.refusal());
    if (!fd) continue;  // it failed at once: the next one need not wait
    TCP_TRY(watch(*fd));
    next_start_ = now + attempt_delay_;
  }
  if (!race_.is_running()) return std::unexpected(race_.failure());
  return {};
}

MonotonicTime PacedRace::wake() const noexcept {
  return race_.has_next() ? std::min(next_start_, deadline_) : deadline_;
}

bool PacedRace::settle(int fd) {
  if (race_.settle(fd)) return true;
  next_start_ = clock_.now();
  return false;
}

}  // namespace tcp::stream
