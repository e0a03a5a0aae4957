// SPDX-License-Identifier: MIT
// A part of a scan for one of several machines: contiguous slices of the order, disjoint and together everything.
#pragma once

#include <cstdint>

namespace tcp::scan {

struct Shard {
  std::uint32_t number = 0;  // from 0
  std::uint32_t count = 1;

  friend bool operator==(const Shard&, const Shard&) = default;
};

// The first position of the slice, of `size` positions at most 2^48.
[[nodiscard]] constexpr std::uint64_t begin_of(const Shard& shard, std::uint64_t size) noexcept {
  const std::uint64_t share = size / shard.count;
  const std::uint64_t rest = size % shard.count;
  return share * shard.number + rest * shard.number / shard.count;
}
// The one behind its last.
[[nodiscard]] constexpr std::uint64_t end_of(const Shard& shard, std::uint64_t size) noexcept {
  return begin_of({shard.number + 1, shard.count}, size);
}

}  // namespace tcp::scan
