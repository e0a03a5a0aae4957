// SPDX-License-Identifier: MIT
// What a fuzz target demands of the code under it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <span>

namespace tcp::fuzz {

inline void require(bool condition) {
  if (!condition) std::abort();
}

inline bool is_within(std::span<const std::uint8_t> part, std::span<const std::uint8_t> whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace tcp::fuzz
