// SPDX-License-Identifier: MIT
// Sorted, disjoint intervals of numbers, each number in them with an index and each index with its number. Made for
// millions: an interval is its two ends and nothing more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tcp::scan {

__extension__ using Uint128 = unsigned __int128;

// `Number` is std::uint32_t or Uint128.
template <class Number>
class Intervals {
 public:
  struct Interval {
    Number first;
    Number last;
  };

  // In any order; what overlaps or touches becomes one. `first` at most `last`. Call settle() before anything below.
  void add(Number first, Number last);
  // Puts them in order and gives back memory that is not needed.
  void settle();

  [[nodiscard]] std::span<const Interval> all() const noexcept { return intervals_; }
  [[nodiscard]] bool empty() const noexcept { return intervals_.empty(); }
  // How many numbers; 2^62 when there are that many or more. Indexes are good below that.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  // `index` below size(). Logarithmic in the number of intervals, like the inverse.
  [[nodiscard]] Number operator[](std::uint64_t index) const noexcept;
  [[nodiscard]] std::optional<std::uint64_t> index_of(Number number) const noexcept;
  // One sweep over both, settled.
  [[nodiscard]] Intervals without(const Intervals& holes) const;

 private:
  void join();
  void index();

  std::vector<Interval> intervals_;
  std::size_t join_at_ = 65536;       // so many, and repetitions among them are weeded out before there are more
  std::vector<std::uint64_t> ranks_;  // how many numbers precede every sixteenth interval
  std::uint64_t size_ = 0;
};

extern template class Intervals<std::uint32_t>;
extern template class Intervals<Uint128>;

}  // namespace tcp::scan
