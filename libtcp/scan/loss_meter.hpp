// SPDX-License-Identifier: MIT
// How many tries are lost, and how many silence must outlast before it means something.
#pragma once

#include <cstdint>
#include <optional>

namespace tcp::scan {

class LossMeter {
 public:
  // A pair was answered: its first try that was is `attempt`, from 0 on.
  void add_answer(unsigned attempt) noexcept {
    tries_ += attempt + 1U;
    lost_ += attempt;
  }
  void restore(std::uint64_t tries, std::uint64_t lost) noexcept {
    tries_ = tries;
    lost_ = lost;
  }
  // Lost tries among all tries of the pairs that answered; nothing before the first.
  [[nodiscard]] std::optional<double> loss() const noexcept;
  // What the loss hardly exceeds: two standard deviations above a mean that starts at one lost of forty.
  [[nodiscard]] double upper_bound() const noexcept;
  // Tries after which a port that answers has been silent with a probability of at most 1 - confidence, and after which
  // a silent one is one of those with that probability too when `odds` answer for one that does not.
  [[nodiscard]] unsigned tries_for(double confidence, double odds) const noexcept;
  // The probability that a port that answers shows in `tries` tries.
  [[nodiscard]] double confidence_of(unsigned tries) const noexcept;

  [[nodiscard]] std::uint64_t tries() const noexcept { return tries_; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

 private:
  std::uint64_t tries_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace tcp::scan
