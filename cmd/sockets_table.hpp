// SPDX-License-Identifier: MIT
// Sockets as lines of columns, written as they come: the first few hundred say how wide the columns are, and nothing
// is kept after them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/output/terminal.hpp"
#include "cmd/sockets_columns.hpp"

namespace tcp::cmd {

// One row of cells, laid out for a terminal or a pipe. In a pipe each row is one line and nothing is cut. On a
// terminal a row that does not fit goes on in a second line rather than losing part of an address; what is longer than
// a line ends in "…".
class RowLayout {
 public:
  struct Field {
    std::size_t width = 0;
    bool right_aligned = false;
    std::size_t least = 0;  // width that it gives way to when the terminal is too narrow; 0: it does not
    bool cut = false;       // what is wider ends in "…"; otherwise the row goes on in another line
  };
  // Takes from the fields what they can give until they fit the terminal.
  RowLayout(std::vector<Field> fields, const Terminal& terminal);

  // `cells` as many as fields. Appends a line, or several, each with its newline.
  void append(std::string& out, const std::vector<std::string_view>& cells) const;
  [[nodiscard]] const std::vector<Field>& fields() const noexcept { return fields_; }

 private:
  void append_on_terminal(std::string& out, const std::vector<std::string_view>& cells) const;
  void fit_terminal();

  std::vector<Field> fields_;
  bool is_terminal_;
  bool unicode_;
  std::size_t width_;
  std::size_t gap_ = 2;
};

class SocketTable {
 public:
  static constexpr std::size_t kSample = 256;  // rows

  // Takes lines, each with its newline.
  using Sink = std::function<void(std::string_view)>;

  // What `style` refers to must outlive it.
  SocketTable(Sink sink, const Terminal& terminal, ColumnList columns, const CellStyle& style, bool with_info);

  void row(const sockets::SocketRow& row);
  // A row in two steps: its cells, each ended by a NUL, are appended to `text`.
  void capture(std::string& text, const sockets::SocketRow& row) const;
  void captured(std::string_view text);
  // Writes what is still held back. Without any row nothing is written, not even the heading.
  void finish();

 private:
  void take_cells(const sockets::SocketRow& row);
  void cells_taken();
  void begin();
  void put_line(std::string_view text, std::size_t first_end);

  Sink sink_;
  Terminal terminal_;
  ColumnList columns_;
  CellStyle style_;
  bool with_info_;
  std::string text_;               // of the cells of one row, or of all rows of the sample
  std::vector<std::size_t> ends_;  // where each cell ends in text_; with_info_: and the line of info
  std::vector<RowLayout> layout_;  // empty until the sample is complete
  std::vector<std::string_view> cells_;
  std::string line_;
};

}  // namespace tcp::cmd
