// SPDX-License-Identifier: MIT
// Members in the order in which something last happened to them, so that one timer serves all: each step takes constant
// time.
#pragma once

#include <list>
#include <optional>

#include "libtcp/base/deadline.hpp"

namespace tcp::stream {

template <class Member>
class AgeQueue {
  struct Entry {
    Member* member;
    MonotonicTime since;
  };

 public:
  // A member's place in one queue.
  using Place = std::optional<typename std::list<Entry>::iterator>;

  // Entries are overdue after `limit`; zero: never.
  explicit AgeQueue(Duration limit = {}) : limit_(limit) {}

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  // Puts it at the back, whether or not it was in.
  void touch(Member& member, Place& place, MonotonicTime now) {
    if (place) {
      (*place)->since = now;
      entries_.splice(entries_.end(), entries_, *place);
    } else {
      place = entries_.insert(entries_.end(), Entry{&member, now});
    }
  }
  void remove(Place& place) {
    if (place) entries_.erase(*place);
    place.reset();
  }
  // The oldest; not empty.
  [[nodiscard]] Member& front() const { return *entries_.front().member; }

  // When the oldest will be overdue.
  [[nodiscard]] MonotonicTime deadline() const {
    return entries_.empty() ? MonotonicTime::max() : deadline_after(entries_.front().since, limit_);
  }

 private:
  Duration limit_;
  std::list<Entry> entries_;
};

}  // namespace tcp::stream
