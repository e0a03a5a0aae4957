// SPDX-License-Identifier: MIT
// The connections that have just ended, a few bytes each: what still comes of them is nothing new. Fixed in size; where
// two fall on one place the later one stays, so a connection can be forgotten early, never too late.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace tcp::trace {

class RecentlyClosed {
 public:
  struct Ended {
    std::uint32_t hash = 0;     // of its endpoints
    std::uint32_t last = 0;     // fingerprint of the segment that ended it
    std::uint32_t initial = 0;  // the client's ISN, when `initial_known`
    bool initial_known = false;
    bool used = false;
    std::int64_t time = 0;
  };

  // For a tracker of so many connections.
  explicit RecentlyClosed(std::size_t connections)
      : places_(std::clamp<std::size_t>(std::bit_ceil(connections), kFewest, kMost)) {}

  void add(std::uint32_t hash, std::uint32_t last, std::optional<std::uint32_t> initial, std::int64_t time) noexcept {
    places_[place_of(hash)] = {hash, last, initial.value_or(0), initial.has_value(), true, time};
  }
  // Something of it came again.
  void touch(std::uint32_t hash, std::int64_t time) noexcept { places_[place_of(hash)].time = time; }
  // Null when there is none, or none so recent.
  [[nodiscard]] const Ended* find(std::uint32_t hash, std::int64_t time) const noexcept {
    const Ended& place = places_[place_of(hash)];
    const std::int64_t since = time - place.time;
    return place.used && place.hash == hash && since > -kDisorder && since < kPatience ? &place : nullptr;
  }

  // Asks for the memory that find() will look at.
  void prefetch(std::uint32_t hash) const noexcept { __builtin_prefetch(places_.data() + place_of(hash), 1); }

 private:
  [[nodiscard]] std::size_t place_of(std::uint32_t hash) const noexcept { return hash & (places_.size() - 1); }

  static constexpr std::size_t kFewest = 64;
  static constexpr std::size_t kMost = 65536;
  // Nanoseconds of the packets' own time. Longer than the longest gap between retransmissions on common schedules (64
  // s); and packets of one capture may stand in wrong order.
  static constexpr std::int64_t kPatience = 75'000'000'000;
  static constexpr std::int64_t kDisorder = 1'000'000'000;
  std::vector<Ended> places_;  // a power of two
};

}  // namespace tcp::trace
