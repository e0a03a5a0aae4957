// SPDX-License-Identifier: MIT
#include "libtcp/scan/permutation.hpp"

#include <bit>
#include <cassert>

namespace tcp::scan {
namespace {

// A bijective mixer of 64 bits (Vigna's splitmix64 finalizer): order, not secrecy, is what is wanted here.
std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

}  // namespace

Permutation::Permutation(std::uint64_t size, std::uint64_t seed) noexcept : size_(size) {
  assert(size <= std::uint64_t{1} << 62);
  const auto bits = size > 1 ? static_cast<unsigned>(std::bit_width(size - 1)) : 1U;
  low_bits_ = (bits + 1) / 2;
  low_mask_ = (std::uint64_t{1} << low_bits_) - 1;
  high_mask_ = (std::uint64_t{1} << (bits - low_bits_)) - 1;
  for (unsigned i = 0; i < kRounds; ++i) keys_[i] = mix(seed + i);
}

std::uint64_t Permutation::encrypt(std::uint64_t value) const noexcept {
  std::uint64_t high = value >> low_bits_;
  std::uint64_t low = value & low_mask_;
  for (unsigned i = 0; i < kRounds; i += 2) {
    high ^= mix(keys_[i] ^ low) & high_mask_;
    low ^= mix(keys_[i + 1] ^ high) & low_mask_;
  }
  return high << low_bits_ | low;
}

std::uint64_t Permutation::decrypt(std::uint64_t value) const noexcept {
  std::uint64_t high = value >> low_bits_;
  std::uint64_t low = value & low_mask_;
  for (unsigned i = kRounds; i > 0; i -= 2) {
    low ^= mix(keys_[i - 1] ^ high) & low_mask_;
    high ^= mix(keys_[i - 2] ^ low) & high_mask_;
  }
  return high << low_bits_ | low;
}

// The domain is less than twice the size, so the walk takes a step or two and always comes back inside.
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
