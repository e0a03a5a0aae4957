// SPDX-License-Identifier: MIT
// Asks the kernel for large pages behind memory that is used all over: a table of many megabytes is otherwise looked up
// in the page tables at nearly every access (madvise(2), MADV_HUGEPAGE). Only advice; refused, all works as before.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tcp::trace {

// The capacity of `memory`, as far as it fills whole large pages.
template <class T>
void prefer_large_pages(const std::vector<T>& memory) noexcept {
  constexpr std::uintptr_t kLargePage = 2U << 20;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory.data());
  const std::uintptr_t first = (begin + kLargePage - 1) / kLargePage * kLargePage;
  const std::uintptr_t end = (begin + memory.capacity() * sizeof(T)) / kLargePage * kLargePage;
  if (first < end) (void)::madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
}

}  // namespace tcp::trace
