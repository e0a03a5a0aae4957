// SPDX-License-Identifier: MIT
#include "cmd/sockets_table.hpp"

#include <algorithm>
#include <numeric>

#include "cmd/sockets_info_text.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kContinuationIndent = 4;
constexpr std::size_t kLeastShrunk = 10;  // a cell is never cut shorter

std::size_t columns_of(std::string_view text) {
  const bool ascii = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? text.size() : display_width(text);
}

}  // namespace

RowLayout::RowLayout(std::vector<Field> fields, const Terminal& terminal)
    : fields_(std::move(fields)),
      is_terminal_(terminal.is_terminal),
      unicode_(terminal.unicode),
      width_(terminal.width) {}

void RowLayout::append(std::string& out, const std::vector<std::string_view>& cells) const {
  if (is_terminal_) return append_on_terminal(out, cells);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (i > 0) out.append(kGap, ' ');
    const std::size_t used = columns_of(cells[i]);
    const std::size_t blanks = fields_[i].width > used ? fields_[i].width - used : 0;
    if (fields_[i].right_aligned) out.append(blanks, ' ');
    out += cells[i];
    if (!fields_[i].right_aligned && i + 1 < fields_.size()) out.append(blanks, ' ');
  }
  out += '\n';
}

void RowLayout::append_on_terminal(std::string& out, const std::vector<std::string_view>& cells) const {
  std::size_t place = 0;  // columns that the line has so far
  std::size_t start = 0;  // where the next field begins when everything before it fits
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Field& field = fields_[i];
    const std::size_t used = columns_of(cells[i]);
    std::size_t begin = i == 0 ? 0 : std::max(start, place + kGap);
    if (field.right_aligned && field.width > used) begin = std::max(begin, start + field.width - used);
    const bool cut = field.shrinks && begin + std::min(used, kLeastShrunk) <= width_;
    if (begin + used > width_ && !cut && place > 0) {
      out += '\n';
      place = 0;
      begin = kContinuationIndent;
    }
    out.append(begin - place, ' ');
    const std::size_t room = width_ > begin ? width_ - begin : 1;
    if (used > room) {
      out += fit(cells[i], room, unicode_);
    } else {
      out += cells[i];
    }
    place = begin + std::min(used, room);
    start += field.width + kGap;
  }
  out += '\n';
}

SocketTable::SocketTable(Output& out, ColumnList columns, const CellStyle& style, bool with_info)
    : out_(out), columns_(std::move(columns)), style_(style), with_info_(with_info), cells_(columns_.size()) {}

void SocketTable::take_cells(const sockets::SocketRow& row) {
  for (const SocketColumn* column : columns_) {
    column->append(text_, row, style_);
    ends_.push_back(text_.size());
  }
  if (!with_info_) return;
  append_info(text_, row, style_, out_.terminal());
  ends_.push_back(text_.size());
}

void SocketTable::row(const sockets::SocketRow& row) {
  take_cells(row);
  if (layout_.empty()) {
    if (ends_.size() >= kSample * (columns_.size() + (with_info_ ? 1 : 0))) begin();
    return;
  }
  put_line(text_, 0);
  text_.clear();
  ends_.clear();
}

// Cells from ends_[first] on.
void SocketTable::put_line(std::string_view text, std::size_t first) {
  std::size_t begin = first == 0 ? 0 : ends_[first - 1];
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    cells_[i] = text.substr(begin, ends_[first + i] - begin);
    begin = ends_[first + i];
  }
  line_.clear();
  layout_.front().append(line_, cells_);
  if (with_info_) line_ += text.substr(begin, ends_[first + columns_.size()] - begin);
  out_.write(line_);
}

void SocketTable::begin() {
  const std::size_t cells = columns_.size() + (with_info_ ? 1 : 0);
  std::vector<RowLayout::Field> fields;
  std::vector<std::string> headings;
  for (const SocketColumn* column : columns_) {
    headings.push_back(column->heading(style_));
    fields.push_back({headings.back().size(), column->is_number(), column->name == "process"});
  }
  for (std::size_t cell = 0, begin = 0; cell < ends_.size(); begin = ends_[cell++]) {
    if (cell % cells >= columns_.size()) continue;
    std::size_t& width = fields[cell % cells].width;
    width = std::max(width, columns_of(std::string_view(text_).substr(begin, ends_[cell] - begin)));
  }
  layout_.emplace_back(std::move(fields), out_.terminal());
  std::ranges::copy(headings, cells_.begin());
  line_.clear();
  layout_.front().append(line_, cells_);
  if (!line_.empty()) line_.pop_back();
  out_.write(paint(out_.terminal(), Style::bold, line_) + "\n");
  for (std::size_t first = 0; first < ends_.size(); first += cells) put_line(text_, first);
  text_.clear();
  ends_.clear();
}

void SocketTable::finish() {
  if (layout_.empty() && !ends_.empty()) begin();
}

}  // namespace tcp::cmd
