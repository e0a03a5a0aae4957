// SPDX-License-Identifier: MIT
#include "cmd/output/table.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace tcp::cmd {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kMinShrunk = 8;

// Takes what is too much from the widest shrinking column, a step at a time, until all fit or none can give more.
void shrink(std::vector<std::size_t>& widths, const std::vector<Column>& columns, std::size_t available) {
  const std::size_t gaps = kGap * (widths.size() - 1);
  for (;;) {
    const std::size_t total = std::accumulate(widths.begin(), widths.end(), gaps);
    if (total <= available) return;
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (columns[i].shrinks && widths[i] > kMinShrunk && (widest == nullptr || widths[i] > *widest))
        widest = &widths[i];
    }
    if (widest == nullptr) return;
    --*widest;
  }
}

std::string pad(const std::string& cell, std::size_t width, bool right) {
  const std::size_t used = display_width(cell);
  const std::string blanks(width > used ? width - used : 0, ' ');
  return right ? blanks + cell : cell + blanks;
}

}  // namespace

void Table::add_row(std::vector<std::string> cells) {
  assert(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::render(const Terminal& terminal) const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = display_width(columns_[i].heading);
    for (const auto& row : rows_) width = std::max(width, display_width(row[i]));
    widths.push_back(width);
  }
  if (terminal.is_terminal) shrink(widths, columns_, terminal.width);

  std::string text;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string cell = columns_[i].shrinks ? fit(cell_of(i), widths[i], terminal.unicode) : cell_of(i);
      line += (i == 0 ? "" : std::string(kGap, ' ')) + pad(cell, widths[i], columns_[i].right_aligned);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  };
  add_line([&](std::size_t i) { return paint(terminal, Style::bold, columns_[i].heading); });
  for (const auto& row : rows_) add_line([&](std::size_t i) { return row[i]; });
  return text;
}

}  // namespace tcp::cmd
