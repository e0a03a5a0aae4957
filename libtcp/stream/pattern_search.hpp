// SPDX-License-Identifier: MIT
// Looks for a text in a stream of bytes that comes in pieces: linear time, and no byte of the stream is kept
// (Knuth, Morris, Pratt).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tcp::stream {

class PatternSearch {
 public:
  // `pattern`: at least one byte.
  explicit PatternSearch(std::string pattern);

  // How many of `bytes`, which go on where the ones before ended, it takes to the end of the first occurrence. Nothing:
  // all were looked at, and it is not there yet. After an occurrence the search begins anew, with nothing of it.
  [[nodiscard]] std::optional<std::size_t> feed(std::span<const std::byte> bytes);

 private:
  std::string pattern_;
  std::vector<std::size_t> borders_;  // of the prefix of each length: its longest proper prefix that it also ends with
  std::size_t matched_ = 0;           // bytes of the pattern that the stream ends with
};

}  // namespace tcp::stream
