// SPDX-License-Identifier: MIT
// Sorted, disjoint intervals of numbers, each number in them with an index and each index with its number. Made for
// millions: a number on its own takes its own size and no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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

  [[nodiscard]] bool empty() const noexcept { return count() == 0; }
  // How many intervals, each as long as can be.
  [[nodiscard]] std::size_t count() const noexcept { return singles_.size() + longer_.size(); }
  // In order; `place` below count().
  [[nodiscard]] Interval interval(std::size_t place) const noexcept;
  // How many numbers; 2^62 when there are that many or more. Indexes are good below that.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  // `index` below size(). Logarithmic in the number of intervals, like the inverse.
  [[nodiscard]] Number operator[](std::uint64_t index) const noexcept;
  [[nodiscard]] std::optional<std::uint64_t> index_of(Number number) const noexcept;
  // How many numbers there are within; `first` at most `last`.
  [[nodiscard]] std::uint64_t count_within(Number first, Number last) const noexcept;
  // One sweep over both, settled.
  [[nodiscard]] Intervals without(const Intervals& holes) const;

 private:
  class Walk;
  // What precedes an interval of longer_.
  struct Before {
    std::uint64_t numbers;  // of all intervals
    std::uint64_t singles;
  };

  void append(Interval interval);
  void join();
  void index();
  [[nodiscard]] std::uint64_t rank_of(Number number) const noexcept;

  std::vector<Number> singles_;
  std::vector<Interval> longer_;
  std::vector<Before> before_;   // of each longer one
  std::size_t join_at_ = 65536;  // so many, and repetitions among them are weeded out before there are more
  std::uint64_t size_ = 0;
};

extern template class Intervals<std::uint32_t>;
extern template class Intervals<Uint128>;

}  // namespace tcp::scan
