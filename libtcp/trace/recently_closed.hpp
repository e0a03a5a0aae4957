// SPDX-License-Identifier: MIT
// The connections that have just ended, a few bytes each: what still comes of them is nothing new. Fixed in size; where
// two fall on one place the later one stays, so a connection can be forgotten early, never too late.
#pragma once

#include <cstdint>
#include <vector>

namespace tcp::trace {

class RecentlyClosed {
 public:
  RecentlyClosed() : places_(kPlaces) {}

  // `hash`: of the connection's endpoints; `last`: fingerprint of the segment that ended it.
  void add(std::uint32_t hash, std::uint32_t last, std::int64_t time) noexcept {
    places_[hash % kPlaces] = {hash, last, time};
  }
  [[nodiscard]] bool contains(std::uint32_t hash, std::int64_t time) const noexcept {
    const Place& place = places_[hash % kPlaces];
    return place.hash == hash && place.time != 0 && time - place.time < kPatience;
  }
  // The segment that ended it, once more.
  [[nodiscard]] bool is_copy(std::uint32_t hash, std::uint32_t print, std::int64_t time) const noexcept {
    return contains(hash, time) && places_[hash % kPlaces].last == print;
  }

 private:
  static constexpr std::size_t kPlaces = 65536;
  static constexpr std::int64_t kPatience = 60'000'000'000;  // ns of the packets' own time, as long as TIME-WAIT
  struct Place {
    std::uint32_t hash = 0;
    std::uint32_t last = 0;
    std::int64_t time = 0;
  };
  std::vector<Place> places_;
};

}  // namespace tcp::trace
