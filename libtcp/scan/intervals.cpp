// SPDX-License-Identifier: MIT
#include "libtcp/scan/intervals.hpp"

#include <algorithm>
#include <utility>

namespace tcp::scan {
namespace {

constexpr std::uint64_t kMost = std::uint64_t{1} << 62;

template <class Interval>
std::uint64_t size_of(const Interval& interval) noexcept {
  const auto distance = interval.last - interval.first;
  return distance >= kMost ? kMost : static_cast<std::uint64_t>(distance) + 1;
}

std::uint64_t sum(std::uint64_t a, std::uint64_t b) noexcept { return std::min(a + b, kMost); }

template <class T>
void give_back(std::vector<T>& vector) {
  if (vector.capacity() > 2 * vector.size()) vector.shrink_to_fit();
}

}  // namespace

// Both kinds in one order.
template <class Number>
class Intervals<Number>::Walk {
 public:
  explicit Walk(const Intervals& of) : of_(of) {}
  [[nodiscard]] bool done() const noexcept { return single_ == of_.singles_.size() && longer_ == of_.longer_.size(); }
  [[nodiscard]] Interval operator*() const noexcept {
    return at_single() ? Interval{of_.singles_[single_], of_.singles_[single_]} : of_.longer_[longer_];
  }
  void next() noexcept { ++(at_single() ? single_ : longer_); }

 private:
  [[nodiscard]] bool at_single() const noexcept {
    if (single_ == of_.singles_.size()) return false;
    return longer_ == of_.longer_.size() || of_.singles_[single_] < of_.longer_[longer_].first;
  }
  const Intervals& of_;
  std::size_t single_ = 0;
  std::size_t longer_ = 0;
};

template <class Number>
void Intervals<Number>::append(Interval interval) {
  if (interval.first == interval.last) {
    singles_.push_back(interval.first);
  } else {
    longer_.push_back(interval);
  }
}

template <class Number>
void Intervals<Number>::add(Number first, Number last) {
  if (count() >= join_at_) {
    join();
    join_at_ = std::max(join_at_, 2 * count());
  }
  append({first, last});
}

// Numbers that nothing touches move to the front of their vector, so that there is no second one of them.
template <class Number>
void Intervals<Number>::join() {
  if (empty()) return;
  std::ranges::sort(singles_);
  std::ranges::sort(longer_, {}, &Interval::first);
  std::vector<Interval> joined;
  std::size_t kept = 0;
  const auto keep = [&](const Interval& interval) {
    if (interval.first == interval.last) {
      singles_[kept++] = interval.first;
    } else {
      joined.push_back(interval);
    }
  };
  Walk walk(*this);
  Interval open = *walk;
  for (walk.next(); !walk.done(); walk.next()) {
    const Interval next = *walk;
    const bool touches = next.first <= open.last || next.first - open.last == 1;
    if (touches) {
      open.last = std::max(open.last, next.last);
    } else {
      keep(open);
      open = next;
    }
  }
  keep(open);
  singles_.resize(kept);
  longer_ = std::move(joined);
}

template <class Number>
void Intervals<Number>::settle() {
  join();
  give_back(singles_);
  give_back(longer_);
  index();
}

template <class Number>
void Intervals<Number>::index() {
  before_.clear();
  before_.reserve(longer_.size());
  std::uint64_t in_longer = 0;
  std::uint64_t singles = 0;
  for (const Interval& interval : longer_) {
    while (singles < singles_.size() && singles_[singles] < interval.first) ++singles;
    before_.push_back({sum(in_longer, singles), singles});
    in_longer = sum(in_longer, size_of(interval));
  }
  size_ = sum(in_longer, singles_.size());
}

template <class Number>
typename Intervals<Number>::Interval Intervals<Number>::interval(std::size_t place) const noexcept {
  // The first longer one whose place is behind this one.
  std::size_t low = 0;
  for (std::size_t high = longer_.size(); low < high;) {
    const std::size_t middle = (low + high) / 2;
    if (middle + before_[middle].singles <= place) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low > 0 && low - 1 + before_[low - 1].singles == place) return longer_[low - 1];
  return {singles_[place - low], singles_[place - low]};
}

template <class Number>
Number Intervals<Number>::operator[](std::uint64_t index) const noexcept {
  const auto after = std::ranges::upper_bound(before_, index, {}, &Before::numbers);
  if (after == before_.begin()) return singles_[static_cast<std::size_t>(index)];
  const auto row = static_cast<std::size_t>(after - before_.begin()) - 1;
  const std::uint64_t within = index - before_[row].numbers;
  const std::uint64_t size = size_of(longer_[row]);
  if (within < size) return static_cast<Number>(longer_[row].first + within);
  return singles_[static_cast<std::size_t>(before_[row].singles + within - size)];
}

// How many numbers are less.
template <class Number>
std::uint64_t Intervals<Number>::rank_of(Number number) const noexcept {
  const auto singles = static_cast<std::uint64_t>(std::ranges::lower_bound(singles_, number) - singles_.begin());
  const auto after = std::ranges::lower_bound(longer_, number, {}, &Interval::first);
  if (after == longer_.begin()) return singles;
  const auto row = static_cast<std::size_t>(after - longer_.begin()) - 1;
  const Interval& below = longer_[row];
  const std::uint64_t of_it = number > below.last ? size_of(below) : size_of(Interval{below.first, number}) - 1;
  return sum(before_[row].numbers + singles - before_[row].singles, of_it);
}

template <class Number>
std::optional<std::uint64_t> Intervals<Number>::index_of(Number number) const noexcept {
  const auto found = std::ranges::lower_bound(longer_, number, {}, &Interval::last);
  const bool is_in_longer = found != longer_.end() && found->first <= number;
  if (!is_in_longer && !std::ranges::binary_search(singles_, number)) return std::nullopt;
  return rank_of(number);
}

template <class Number>
std::uint64_t Intervals<Number>::count_within(Number first, Number last) const noexcept {
  return rank_of(last) - rank_of(first) + (index_of(last) ? 1 : 0);
}

template <class Number>
Intervals<Number> Intervals<Number>::without(const Intervals& holes) const {
  Intervals rest;
  Walk hole(holes);
  for (Walk walk(*this); !walk.done(); walk.next()) {
    Interval interval = *walk;
    while (!hole.done() && (*hole).last < interval.first) hole.next();
    bool is_left = true;
    for (Walk cut = hole; is_left && !cut.done() && (*cut).first <= interval.last; cut.next()) {
      if (interval.first < (*cut).first) rest.append({interval.first, static_cast<Number>((*cut).first - 1)});
      is_left = (*cut).last < interval.last;
      if (is_left) interval.first = static_cast<Number>((*cut).last + 1);
    }
    if (is_left) rest.append(interval);
  }
  rest.index();
  return rest;
}

template class Intervals<std::uint32_t>;
template class Intervals<Uint128>;

}  // namespace tcp::scan
