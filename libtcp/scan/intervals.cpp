// SPDX-License-Identifier: MIT
#include "libtcp/scan/intervals.hpp"

#include <algorithm>

namespace tcp::scan {
namespace {

constexpr std::size_t kStride = 16;  // intervals that share a rank
constexpr std::uint64_t kMost = std::uint64_t{1} << 62;

template <class Interval>
std::uint64_t count(const Interval& interval) noexcept {
  const auto distance = interval.last - interval.first;
  return distance >= kMost ? kMost : static_cast<std::uint64_t>(distance) + 1;
}

std::uint64_t sum(std::uint64_t a, std::uint64_t b) noexcept { return std::min(a + b, kMost); }

}  // namespace

template <class Number>
void Intervals<Number>::add(Number first, Number last) {
  if (intervals_.size() >= join_at_) {
    join();
    join_at_ = std::max(join_at_, 2 * intervals_.size());
  }
  intervals_.push_back({first, last});
}

template <class Number>
void Intervals<Number>::join() {
  if (intervals_.empty()) return;
  std::ranges::sort(intervals_, {}, &Interval::first);
  std::size_t kept = 0;
  for (const Interval& next : std::span(intervals_).subspan(1)) {
    Interval& last = intervals_[kept];
    const bool touches = next.first <= last.last || next.first - last.last == 1;
    if (touches) {
      last.last = std::max(last.last, next.last);
    } else {
      intervals_[++kept] = next;
    }
  }
  intervals_.resize(kept + 1);
}

template <class Number>
void Intervals<Number>::settle() {
  join();
  if (intervals_.capacity() > 2 * intervals_.size()) intervals_.shrink_to_fit();
  index();
}

template <class Number>
void Intervals<Number>::index() {
  ranks_.clear();
  size_ = 0;
  for (std::size_t i = 0; i < intervals_.size(); ++i) {
    if (i % kStride == 0) ranks_.push_back(size_);
    size_ = sum(size_, count(intervals_[i]));
  }
}

template <class Number>
Number Intervals<Number>::operator[](std::uint64_t index) const noexcept {
  const auto after = std::ranges::upper_bound(ranks_, index);
  const auto block = static_cast<std::size_t>(after - ranks_.begin()) - 1;
  std::uint64_t rest = index - ranks_[block];
  std::size_t row = block * kStride;
  for (; rest >= count(intervals_[row]); ++row) rest -= count(intervals_[row]);
  return static_cast<Number>(intervals_[row].first + rest);
}

template <class Number>
std::optional<std::uint64_t> Intervals<Number>::index_of(Number number) const noexcept {
  const auto found = std::ranges::lower_bound(intervals_, number, {}, &Interval::last);
  if (found == intervals_.end() || number < found->first) return std::nullopt;
  const auto row = static_cast<std::size_t>(found - intervals_.begin());
  std::uint64_t index = ranks_[row / kStride];
  for (std::size_t i = row - row % kStride; i < row; ++i) index = sum(index, count(intervals_[i]));
  return sum(index, static_cast<std::uint64_t>(number - found->first));
}

template <class Number>
Intervals<Number> Intervals<Number>::without(const Intervals& holes) const {
  Intervals rest;
  auto hole = holes.intervals_.begin();
  for (Interval interval : intervals_) {
    while (hole != holes.intervals_.end() && hole->last < interval.first) ++hole;
    bool is_left = true;
    for (auto cut = hole; is_left && cut != holes.intervals_.end() && cut->first <= interval.last; ++cut) {
      if (interval.first < cut->first) rest.intervals_.push_back({interval.first, static_cast<Number>(cut->first - 1)});
      is_left = cut->last < interval.last;
      if (is_left) interval.first = static_cast<Number>(cut->last + 1);
    }
    if (is_left) rest.intervals_.push_back(interval);
  }
  rest.index();
  return rest;
}

template class Intervals<std::uint32_t>;
template class Intervals<Uint128>;

}  // namespace tcp::scan
