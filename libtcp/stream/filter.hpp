// SPDX-License-Identifier: MIT
// What changes payload on its way: bytes in, other bytes out, with whatever has to be remembered between two calls.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace tcp::stream {

class Filter {
 public:
  virtual ~Filter() = default;
  // What becomes of `bytes`, added to `out`.
  virtual void apply(std::span<const std::byte> bytes, std::vector<std::byte>& out) = 0;
};

}  // namespace tcp::stream
