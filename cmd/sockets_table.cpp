// SPDX-License-Identifier: MIT
#include "cmd/sockets_table.hpp"

#include <algorithm>
#include <numeric>

#include "cmd/sockets_info_text.hpp"

namespace tcp::cmd {
namespace {

constexpr std::size_t kContinuationIndent = 4;
constexpr std::size_t kLeastProcess = 10;  // "nginx[812]"
constexpr std::size_t kLongestV4 = 21;     // "255.255.255.255:65535"

std::size_t columns_of(std::string_view text) {
  const bool ascii = std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return ascii ? text.size() : display_width(text);
}

// The number of a process stays when its name is cut: "some-ser…[1234]".
std::string shortened(std::string_view cell, std::size_t room, bool unicode) {
  constexpr std::size_t kLeastName = 4;
  const auto number = cell.rfind('[');
  const std::size_t kept = number == std::string_view::npos ? 0 : cell.size() - number;
  if (kept == 0 || kept + kLeastName > room) return fit(cell, room, unicode);
  return fit(cell.substr(0, number), room - kept, unicode).append(cell.substr(number));
}

}  // namespace

RowLayout::RowLayout(std::vector<Field> fields, const Terminal& terminal)
    : fields_(std::move(fields)),
      is_terminal_(terminal.is_terminal),
      unicode_(terminal.unicode),
      width_(terminal.width) {
  if (is_terminal_) fit_terminal();
}

void RowLayout::fit_terminal() {
  const auto total = [&] {
    std::size_t sum = gap_ * (fields_.size() - 1);
    for (const Field& field : fields_) sum += field.width;
    return sum;
  };
  if (total() > width_) gap_ = 1;
  while (total() > width_) {
    Field* widest = nullptr;
    for (Field& field : fields_) {
      const bool gives = field.least != 0 && field.width > field.least;
      if (gives && (widest == nullptr || field.width > widest->width)) widest = &field;
    }
    if (widest == nullptr) return;
    --widest->width;
  }
}

void RowLayout::append(std::string& out, const std::vector<std::string_view>& cells) const {
  if (is_terminal_) return append_on_terminal(out, cells);
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (i > 0) out.append(gap_, ' ');
    const std::size_t used = columns_of(cells[i]);
    const std::size_t blanks = fields_[i].width > used ? fields_[i].width - used : 0;
    if (fields_[i].right_aligned) out.append(blanks, ' ');
    out += cells[i];
    if (!fields_[i].right_aligned && i + 1 < fields_.size()) out.append(blanks, ' ');
  }
  out += '\n';
}

// A field begins at its own column, or behind a longer one before it. In a second line of a row it may begin earlier
// to be whole.
void RowLayout::append_on_terminal(std::string& out, const std::vector<std::string_view>& cells) const {
  std::size_t place = 0;   // columns that the line has so far
  std::size_t column = 0;  // where this field begins in most rows
  bool continued = false;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const Field& field = fields_[i];
    const std::size_t used = columns_of(cells[i]);
    const std::size_t wanted = field.cut ? std::min(used, kLeastProcess) : used;
    std::size_t aligned = column;
    if (field.right_aligned && field.width > used) aligned += field.width - used;
    std::size_t begin = place == 0 ? aligned : std::max(aligned, place + gap_);
    const bool begun = place > (continued ? kContinuationIndent : 0);
    const std::size_t least = continued ? place + gap_ + wanted : begin + wanted;
    if (begun && least > width_) {
      out += '\n';
      place = kContinuationIndent;
      out.append(place, ' ');
      begin = place;
      continued = true;
    } else if (continued && begin + used > width_) {
      const std::size_t earliest = place + gap_;
      begin = std::max(earliest, width_ > used ? width_ - used : 0);
    }
    out.append(begin - place, ' ');
    const std::size_t room = width_ > begin ? width_ - begin : 1;
    used > room ? void(out += shortened(cells[i], room, unicode_)) : void(out += cells[i]);
    place = begin + std::min(used, room);
    column += field.width + gap_;
  }
  out += '\n';
}

SocketTable::SocketTable(Sink sink, const Terminal& terminal, ColumnList columns, const CellStyle& style,
                         bool with_info)
    : sink_(std::move(sink)),
      terminal_(terminal),
      columns_(std::move(columns)),
      style_(style),
      with_info_(with_info),
      cells_(columns_.size()) {}

void SocketTable::take_cells(const sockets::SocketRow& row) {
  for (const SocketColumn* column : columns_) {
    column->append(text_, row, style_);
    ends_.push_back(text_.size());
  }
  if (!with_info_) return;
  append_info(text_, row, style_, terminal_);
  ends_.push_back(text_.size());
}

void SocketTable::row(const sockets::SocketRow& row) {
  take_cells(row);
  cells_taken();
}

void SocketTable::capture(std::string& text, const sockets::SocketRow& row) const {
  for (const SocketColumn* column : columns_) {
    column->append(text, row, style_);
    text += '\0';
  }
  if (!with_info_) return;
  append_info(text, row, style_, terminal_);
  text += '\0';
}

void SocketTable::captured(std::string_view text) {
  for (auto end = text.find('\0'); end != std::string_view::npos; end = text.find('\0')) {
    text_ += text.substr(0, end);
    ends_.push_back(text_.size());
    text.remove_prefix(end + 1);
  }
  cells_taken();
}

void SocketTable::cells_taken() {
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
  sink_(line_);
}

void SocketTable::begin() {
  const std::size_t cells = columns_.size() + (with_info_ ? 1 : 0);
  std::vector<RowLayout::Field> fields;
  std::vector<std::string> headings;
  for (const SocketColumn* column : columns_) {
    headings.push_back(column->heading(style_));
    const bool name = column->need == ColumnNeed::holders || column->need == ColumnNeed::cgroups;
    const std::size_t width = headings.back().size();
    fields.push_back({width, column->is_number(), column->is_number() ? 0 : name ? kLeastProcess : width, name});
  }
  for (std::size_t cell = 0, begin = 0; cell < ends_.size(); begin = ends_[cell++]) {
    if (cell % cells >= columns_.size()) continue;
    RowLayout::Field& field = fields[cell % cells];
    const std::size_t width = columns_of(std::string_view(text_).substr(begin, ends_[cell] - begin));
    field.width = std::max(field.width, width);
    // Where IPv6 takes too much, the columns are as wide as IPv4 needs.
    if (!field.right_aligned && !field.cut && width <= kLongestV4) field.least = std::max(field.least, width);
  }
  layout_.emplace_back(std::move(fields), terminal_);
  std::ranges::copy(headings, cells_.begin());
  line_.clear();
  layout_.front().append(line_, cells_);
  if (!line_.empty()) line_.pop_back();
  sink_(paint(terminal_, Style::bold, line_) + "\n");
  for (std::size_t first = 0; first < ends_.size(); first += cells) put_line(text_, first);
  text_.clear();
  ends_.clear();
}

void SocketTable::finish() {
  if (layout_.empty() && !ends_.empty()) begin();
}

}  // namespace tcp::cmd
