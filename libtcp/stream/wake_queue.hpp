// SPDX-License-Identifier: MIT
// Members that each wait for a time of their own, behind one timer.
#pragma once

#include <map>
#include <optional>

#include "libtcp/base/clock.hpp"

namespace tcp::stream {

template <class Member>
class WakeQueue {
  using Times = std::multimap<MonotonicTime, Member*>;

 public:
  // A member's place in the queue.
  using Place = std::optional<typename Times::iterator>;

  // MonotonicTime::max(): not at all.
  void set(Member& member, Place& place, MonotonicTime time) {
    if (place && (*place)->first == time) return;
    remove(place);
    if (time != MonotonicTime::max()) place = times_.emplace(time, &member);
  }
  void remove(Place& place) {
    if (place) times_.erase(*place);
    place.reset();
  }
  [[nodiscard]] MonotonicTime deadline() const { return times_.empty() ? MonotonicTime::max() : times_.begin()->first; }
  // The first; not empty.
  [[nodiscard]] Member& front() const { return *times_.begin()->second; }

 private:
  Times times_;
};

}  // namespace tcp::stream
