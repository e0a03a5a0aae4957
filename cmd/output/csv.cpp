// SPDX-License-Identifier: MIT
#include "cmd/output/csv.hpp"

#include "libtcp/base/sanitize.hpp"

namespace tcp::cmd {

std::string csv_cell(std::string_view text) {
  constexpr std::string_view kBeginsFormula = "=+-@\t\r";
  std::string cell = to_valid_utf8(text);
  if (!cell.empty() && kBeginsFormula.contains(cell.front())) cell.insert(0, "'");
  if (cell.find_first_of(",\"'\r\n\t") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_row(const std::vector<std::string>& cells) {
  std::string row;
  for (const std::string& cell : cells) row += (&cell == &cells.front() ? "" : ",") + csv_cell(cell);
  return row + "\n";
}

}  // namespace tcp::cmd
