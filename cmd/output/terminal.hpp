// SPDX-License-Identifier: MIT
// What the other end of a descriptor can show.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tcp::cmd {

struct Terminal {
  bool is_terminal = false;
  unsigned width = 80;   // columns; 80 when it is no terminal
  unsigned height = 24;  // lines; 24 when it is no terminal
  bool colour = false;   // a terminal, NO_COLOR unset, TERM not "dumb"
  bool unicode = false;  // the locale's encoding is UTF-8
};

[[nodiscard]] Terminal detect_terminal(int fd);

enum class Style : unsigned char { plain, bold, dim, red, green, yellow, blue, cyan };

// `text` with SGR sequences around it when `terminal` shows colour.
[[nodiscard]] std::string paint(const Terminal& terminal, Style style, std::string_view text);

// Columns that `text` takes on a terminal (UTF-8, wide and combining characters, without SGR sequences in it).
[[nodiscard]] std::size_t display_width(std::string_view text);

// Cut to at most `width` columns, the last one "…" (or "." without Unicode) when something was cut.
[[nodiscard]] std::string fit(std::string_view text, std::size_t width, bool unicode);

// Lines of at most `width` columns, broken at spaces; continuation lines begin with `indent` spaces.
[[nodiscard]] std::string wrap(std::string_view text, std::size_t width, std::size_t indent = 0);

}  // namespace tcp::cmd
