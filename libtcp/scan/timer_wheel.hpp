// SPDX-License-Identifier: MIT
// When tries become overdue: entries in slots of time, put in and taken out in constant time and eight bytes each.
#pragma once

#include <cstdint>
#include <vector>

#include "libtcp/base/clock.hpp"

namespace tcp::scan {

class TimerWheel {
 public:
  // Deadlines up to `longest` ahead are told apart; what is further away comes that early.
  TimerWheel(Duration longest, MonotonicTime start);

  void add(MonotonicTime deadline, std::uint64_t entry);
  // Appends the entries whose slot has passed: never early, late by two slots at most.
  void take_due(MonotonicTime now, std::vector<std::uint64_t>& due);
  // The end of the first slot that holds something; the largest time when none does.
  [[nodiscard]] MonotonicTime next() const noexcept;
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

 private:
  [[nodiscard]] std::int64_t slot_of(MonotonicTime time) const noexcept { return (time - start_) / width_; }
  [[nodiscard]] std::vector<std::uint64_t>& slot(std::int64_t number) noexcept;

  MonotonicTime start_;
  Duration width_;
  std::int64_t current_ = 0;  // the first slot that has not been taken
  std::size_t count_ = 0;
  std::vector<std::vector<std::uint64_t>> slots_;
};

}  // namespace tcp::scan
