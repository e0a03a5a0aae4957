// SPDX-License-Identifier: MIT
// A page of one table that can be sorted and searched. It holds all it needs and may load nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tcp::cmd {

[[nodiscard]] std::string html_escape(std::string_view text);

struct HtmlCell {
  std::string text;
  std::string sort_key = {};  // a number to sort by; empty: by the text
  std::string style = {};     // a class of the page's style sheet: open, closed, filtered, error, note, number
};

// Everything up to the rows: title, a line below it, facts ("200 open"), the column headings.
[[nodiscard]] std::string html_head(std::string_view title, std::string_view subtitle,
                                    const std::vector<HtmlCell>& facts, const std::vector<std::string>& columns);
// `labels` are the columns: on a narrow screen each cell shows its own.
[[nodiscard]] std::string html_row(const std::vector<HtmlCell>& cells, const std::vector<std::string>& labels);
[[nodiscard]] std::string html_foot();

}  // namespace tcp::cmd
