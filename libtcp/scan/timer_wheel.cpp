// SPDX-License-Identifier: MIT
#include "libtcp/scan/timer_wheel.hpp"

#include <algorithm>

namespace tcp::scan {
namespace {

constexpr std::int64_t kSlots = 1024;
constexpr Duration kNarrowest = std::chrono::microseconds(250);
constexpr std::size_t kKeptCapacity = 256;  // entries; a larger slot gives its memory back

}  // namespace

TimerWheel::TimerWheel(Duration longest, MonotonicTime start)
    : start_(start), width_(std::max(longest / (kSlots - 2), kNarrowest)), slots_(kSlots) {}

std::vector<std::uint64_t>& TimerWheel::slot(std::int64_t number) noexcept {
  return slots_[static_cast<std::size_t>(number % kSlots)];
}

void TimerWheel::add(MonotonicTime deadline, std::uint64_t entry) {
  slot(std::clamp(slot_of(deadline), current_, current_ + kSlots - 1)).push_back(entry);
  ++count_;
}

void TimerWheel::take_due(MonotonicTime now, std::vector<std::uint64_t>& due) {
  const std::int64_t end = slot_of(now);
  if (count_ == 0) current_ = std::max(current_, end);
  for (; current_ < end && count_ > 0; ++current_) {
    auto& entries = slot(current_);
    due.insert(due.end(), entries.begin(), entries.end());
    count_ -= entries.size();
    if (entries.capacity() > kKeptCapacity) {
      std::vector<std::uint64_t>().swap(entries);
    } else {
      entries.clear();
    }
  }
  current_ = std::max(current_, end);
}

MonotonicTime TimerWheel::next() const noexcept {
  if (count_ == 0) return MonotonicTime::max();
  std::int64_t number = current_;
  while (slots_[static_cast<std::size_t>(number % kSlots)].empty()) ++number;
  return start_ + (number + 1) * width_;
}

}  // namespace tcp::scan
