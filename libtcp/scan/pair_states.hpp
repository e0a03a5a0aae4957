// SPDX-License-Identifier: MIT
// A byte a pair: how often it was tried and how far it is. Kept by position in the order of the scan, in a ring: of all
// pairs when they fit, of those that are under way when they do not.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace tcp::scan {

// More pairs than that are not all remembered.
inline constexpr std::uint64_t kMostRememberedPairs = std::uint64_t{1} << 26;
inline constexpr std::uint64_t kPairWindow = std::uint64_t{1} << 25;

class PairStates {
 public:
  enum Progress : std::uint8_t {
    waiting = 0x00,  // for its first try, or for an answer
    silent = 0x10,   // tried often enough
    decided = 0x20,
    abandoned = 0x30,  // its host took too long
  };
  static constexpr std::uint8_t kOverdue = 0x40;     // its first try was not answered in time
  static constexpr std::uint8_t kOutOfOrder = 0x80;  // its first try did not leave in the order of positions

  // Positions first … last-1. `window` is a power of two.
  PairStates(std::uint64_t first, std::uint64_t last, std::uint64_t most = kMostRememberedPairs,
             std::uint64_t window = kPairWindow)
      : base_(first),
        states_(last - first <= most ? last - first : window),
        first_(first),
        windowed_(last - first > most) {}

  [[nodiscard]] std::uint8_t& operator[](std::uint64_t position) noexcept { return states_[place(position)]; }
  [[nodiscard]] std::uint8_t operator[](std::uint64_t position) const noexcept { return states_[place(position)]; }
  [[nodiscard]] static Progress progress(std::uint8_t state) noexcept { return static_cast<Progress>(state & 0x30U); }
  [[nodiscard]] static unsigned tries(std::uint8_t state) noexcept { return state & 0x0fU; }
  static void set(std::uint8_t& state, Progress progress) noexcept {
    state = static_cast<std::uint8_t>((state & 0xcfU) | progress);
  }

  // The first position that is remembered.
  [[nodiscard]] std::uint64_t base() const noexcept { return base_; }
  [[nodiscard]] bool windowed() const noexcept { return windowed_; }
  [[nodiscard]] bool has_room_for(std::uint64_t position) const noexcept { return position - base_ < states_.size(); }
  // Forgets the first position.
  void forget_first() noexcept { states_[place(base_++)] = 0; }
  // Begins further on; nothing may have been set yet.
  void start_at(std::uint64_t position) noexcept { base_ = position; }

 private:
  [[nodiscard]] std::size_t place(std::uint64_t position) const noexcept {
    return static_cast<std::size_t>(windowed_ ? position & (states_.size() - 1) : position - first_);
  }

  std::uint64_t base_;
  std::vector<std::uint8_t> states_;
  std::uint64_t first_;
  bool windowed_;
};

}  // namespace tcp::scan
