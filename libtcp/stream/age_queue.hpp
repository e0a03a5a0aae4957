// SPDX-License-Identifier: MIT
// Clients in the order in which something last happened to them, so that one timer serves all: each step takes constant
// time.
#pragma once

#include <list>
#include <optional>

#include "libtcp/base/clock.hpp"

namespace tcp::stream {

struct HubClient;

class AgeQueue {
  struct Entry {
    HubClient* client;
    MonotonicTime since;
  };

 public:
  // A client's place in one queue.
  using Place = std::optional<std::list<Entry>::iterator>;

  // Entries are overdue after `limit`; Duration::max(): never.
  explicit AgeQueue(Duration limit) : limit_(limit) {}

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

  // Puts it at the back, whether or not it was in.
  void touch(HubClient& client, Place& place, MonotonicTime now) {
    if (place) {
      (*place)->since = now;
      entries_.splice(entries_.end(), entries_, *place);
    } else {
      place = entries_.insert(entries_.end(), Entry{&client, now});
    }
  }
  void remove(Place& place) {
    if (place) entries_.erase(*place);
    place.reset();
  }
  // The oldest; not empty.
  [[nodiscard]] HubClient& front() const { return *entries_.front().client; }

  // When the oldest will be overdue.
  [[nodiscard]] MonotonicTime deadline() const {
    if (entries_.empty() || limit_ == Duration::max()) return MonotonicTime::max();
    return entries_.front().since + limit_;
  }

 private:
  Duration limit_;
  std::list<Entry> entries_;
};

}  // namespace tcp::stream
