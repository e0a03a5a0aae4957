// SPDX-License-Identifier: MIT
// A keyed order of 0 … size-1 that needs no memory and can be inverted: a Feistel network over the next power of two,
// walked until it lands inside (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
#pragma once

#include <array>
#include <cstdint>

namespace tcp::scan {

class Permutation {
 public:
  // The same size and seed give the same order. `size` at most 2^62.
  Permutation(std::uint64_t size, std::uint64_t seed) noexcept;

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  // What stands at `position`; both below size().
  [[nodiscard]] std::uint64_t operator[](std::uint64_t position) const noexcept;
  // Where `value` stands.
  [[nodiscard]] std::uint64_t position_of(std::uint64_t value) const noexcept;

 private:
  static constexpr unsigned kRounds = 6;  // even: each turn changes both halves

  [[nodiscard]] std::uint64_t encrypt(std::uint64_t value) const noexcept;
  [[nodiscard]] std::uint64_t decrypt(std::uint64_t value) const noexcept;

  std::uint64_t size_;
  std::array<std::uint64_t, kRounds> keys_{};
  unsigned low_bits_ = 1;
  std::uint64_t low_mask_ = 1;
  std::uint64_t high_mask_ = 0;  // as many bits as the lower half has, or one fewer
};

}  // namespace tcp::scan
