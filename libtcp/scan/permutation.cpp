// SPDX-License-Identifier: MIT
#include "libtcp/scan/permutation.hpp"

#include <bit>
#include <cassert>

namespace tcp::scan {
namespace {

constexpr unsigned kRounds = 6;

// A bijective mixer of 64 bits (Vigna's splitmix64 finalizer): order, not secrecy, is what is wanted here.
std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

}  // namespace

Permutation::Permutation(std::uint64_t size, std::uint64_t seed) noexcept : size_(size), seed_(seed) {
  assert(size <= std::uint64_t{1} << 62);
  const auto bits = size > 1 ? static_cast<unsigned>(std::bit_width(size - 1)) : 1U;
  half_bits_ = (bits + 1) / 2;
}

std::uint64_t Permutation::round(unsigned number, std::uint64_t half) const noexcept {
  const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
  return mix(mix(seed_ + number) ^ half) & mask;
}

std::uint64_t Permutation::encrypt(std::uint64_t value) const noexcept {
  std::uint64_t left = value >> half_bits_;
  std::uint64_t right = value & ((std::uint64_t{1} << half_bits_) - 1);
  for (unsigned i = 0; i < kRounds; ++i) {
    const std::uint64_t next = left ^ round(i, right);
    left = right;
    right = next;
  }
  return left << half_bits_ | right;
}

std::uint64_t Permutation::decrypt(std::uint64_t value) const noexcept {
  std::uint64_t left = value >> half_bits_;
  std::uint64_t right = value & ((std::uint64_t{1} << half_bits_) - 1);
  for (unsigned i = kRounds; i-- > 0;) {
    const std::uint64_t previous = right ^ round(i, left);
    right = left;
    left = previous;
  }
  return left << half_bits_ | right;
}

// The domain is less than four times the size, so the walk takes a few steps and always comes back inside.
std::uint64_t Permutation::operator[](std::uint64_t position) const noexcept {
  assert(position < size_);
  std::uint64_t value = encrypt(position);
  while (value >= size_) value = encrypt(value);
  return value;
}

std::uint64_t Permutation::position_of(std::uint64_t value) const noexcept {
  assert(value < size_);
  std::uint64_t position = decrypt(value);
  while (position >= size_) position = decrypt(position);
  return position;
}

}  // namespace tcp::scan
