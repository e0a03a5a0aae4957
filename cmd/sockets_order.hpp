// SPDX-License-Identifier: MIT
// --sort and --top: rows kept as they will be shown, until all are known.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/sockets_columns.hpp"

namespace tcp::cmd {

// What a row is sorted by. Rows of which it is not known come last in either direction.
struct SortKey {
  bool known = false;
  std::uint64_t number = 0;
  std::string text;
};
// Addresses are ordered by their bytes, not as text.
[[nodiscard]] SortKey sort_key(const SocketColumn& column, const sockets::SocketRow& row, const CellStyle& style);

struct SortWord {
  std::string name;
  bool descending = false;
};
// "rtt", "rtt:desc", "rtt:asc". Errors: another direction.
[[nodiscard]] Result<SortWord> parse_sort_word(std::string_view word, bool descending_unless_told);

// Keeps all, or the first `most` in their order. What compares equal stays in the order of its coming.
class SortedRows {
 public:
  explicit SortedRows(bool descending, std::size_t most = std::numeric_limits<std::size_t>::max())
      : descending_(descending), most_(most) {}

  // `write` makes the text of a row and is called only when the row is kept.
  void add(SortKey key, const std::function<void(std::string&)>& write);
  // In order; empty afterwards.
  [[nodiscard]] std::vector<std::string> take();

 private:
  struct Entry {
    SortKey key;
    std::uint64_t arrival = 0;
    std::string text;
  };
  [[nodiscard]] bool before(const Entry& a, const Entry& b) const;

  bool descending_;
  std::size_t most_;
  std::uint64_t arrivals_ = 0;
  std::vector<Entry> entries_;  // a heap with the last one on top once there are `most_`
};

}  // namespace tcp::cmd
