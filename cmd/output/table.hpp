// SPDX-License-Identifier: MIT
// Text in columns, as wide as they need to be and together no wider than the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/output/terminal.hpp"

namespace tcp::cmd {

struct Column {
  std::string heading;
  bool right_aligned = false;
  bool shrinks = false;  // gives way, with "…", when the terminal is too narrow; a last column wraps nowhere
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns. Cells may hold SGR sequences only in columns that do not shrink.
  void add_row(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  // Two spaces between columns, no trailing blanks, a newline after each line. Nothing is cut when the output is no
  // terminal.
  [[nodiscard]] std::string render(const Terminal& terminal) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tcp::cmd
