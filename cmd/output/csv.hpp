// SPDX-License-Identifier: MIT
// Comma-separated values (RFC 4180, with a bare newline at the end of a line).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tcp::cmd {

// Quoted where it must be. What a spreadsheet would take for a formula gets an apostrophe in front.
[[nodiscard]] std::string csv_cell(std::string_view text);
// The cells between commas, and a newline.
[[nodiscard]] std::string csv_row(const std::vector<std::string>& cells);

}  // namespace tcp::cmd
