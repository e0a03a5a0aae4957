// SPDX-License-Identifier: MIT
// A set of targets of a scan, by their index: a bit each.
#pragma once

#include <bit>
#include <cstdint>
#include <numeric>
#include <vector>

namespace tcp::scan {

class HostSet {
 public:
  HostSet() = default;
  // Of targets 0 … size-1; empty.
  explicit HostSet(std::uint64_t size) : size_(size), words_((size + 63) / 64) {}

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t count() const noexcept {
    return std::accumulate(words_.begin(), words_.end(), std::uint64_t{0}, [](std::uint64_t sum, std::uint64_t word) {
      return sum + static_cast<std::uint64_t>(std::popcount(word));
    });
  }
  // `target` below size().
  [[nodiscard]] bool contains(std::uint64_t target) const noexcept {
    return (words_[target / 64] >> (target % 64) & 1) != 0;
  }
  void insert(std::uint64_t target) noexcept { words_[target / 64] |= std::uint64_t{1} << (target % 64); }

  friend bool operator==(const HostSet&, const HostSet&) = default;

 private:
  std::uint64_t size_ = 0;
  std::vector<std::uint64_t> words_;
};

// Hosts that a scan does not probe.
struct LeftOut {
  HostSet hosts;
  std::uint64_t down = 0;  // of them, those that are known to be down; the others were silent
  friend bool operator==(const LeftOut&, const LeftOut&) = default;
};

// More hosts than that are not looked for: a byte or two each, and a bit in a checkpoint.
inline constexpr std::uint64_t kMostLeftOut = std::uint64_t{1} << 24;

}  // namespace tcp::scan
