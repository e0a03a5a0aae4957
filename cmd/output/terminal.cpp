// SPDX-License-Identifier: MIT
#include "cmd/output/terminal.hpp"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cwchar>

namespace tcp::cmd {
namespace {

constexpr unsigned kMinWidth = 20;

constexpr unsigned kMinHeight = 4;

void measure(int fd, Terminal& terminal) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return;
  if (size.ws_col >= kMinWidth) terminal.width = size.ws_col;
  if (size.ws_row >= kMinHeight) terminal.height = size.ws_row;
}

bool wants_colour() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool refused = no_colour != nullptr && *no_colour != '\0';
  return !refused && term != nullptr && std::string_view(term) != "dumb";
}

bool is_utf8_locale() {
  static const bool utf8 = [] {
    std::setlocale(LC_CTYPE, "");
    return std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
  }();
  return utf8;
}

std::string_view sgr(Style style) {
  switch (style) {
    case Style::plain: return "";
    case Style::bold: return "\x1b[1m";
    case Style::dim: return "\x1b[2m";
    case Style::red: return "\x1b[31m";
    case Style::green: return "\x1b[32m";
    case Style::yellow: return "\x1b[33m";
    case Style::blue: return "\x1b[34m";
    case Style::cyan: return "\x1b[36m";
  }
  return "";
}

// One character of UTF-8 from the front of `text`: its bytes and its columns. A broken byte counts as one column.
struct Glyph {
  std::size_t bytes;
  std::size_t columns;
};

Glyph glyph_at(std::string_view text) {
  if (static_cast<unsigned char>(text.front()) < 0x80) return {1, 1};
  if (!is_utf8_locale()) {
    // Count continuation bytes as nothing, so that "…" is one column also where the locale cannot tell.
    std::size_t bytes = 1;
    while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) ++bytes;
    return {bytes, 1};
  }
  wchar_t wide = 0;
  std::mbstate_t state{};
  const std::size_t bytes = std::mbrtowc(&wide, text.data(), text.size(), &state);
  if (bytes == 0 || bytes > text.size()) return {1, 1};
  const int columns = ::wcwidth(wide);
  return {bytes, columns < 0 ? 1 : static_cast<std::size_t>(columns)};
}

// Length of an SGR sequence at the front of `text`, or 0.
std::size_t sgr_length(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const auto end = text.find('m');
  return end == std::string_view::npos ? 0 : end + 1;
}

}  // namespace

Terminal detect_terminal(int fd) {
  Terminal terminal;
  terminal.is_terminal = ::isatty(fd) == 1;
  terminal.unicode = is_utf8_locale();
  if (!terminal.is_terminal) return terminal;
  measure(fd, terminal);
  terminal.colour = wants_colour();
  return terminal;
}

std::string paint(const Terminal& terminal, Style style, std::string_view text) {
  if (!terminal.colour || style == Style::plain || text.empty()) return std::string(text);
  return std::string(sgr(style)) + std::string(text) + "\x1b[0m";
}

std::size_t display_width(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    if (const std::size_t skipped = sgr_length(text); skipped != 0) {
      text.remove_prefix(skipped);
      continue;
    }
    const Glyph glyph = glyph_at(text);
    columns += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return columns;
}

std::string fit(std::string_view text, std::size_t width, bool unicode) {
  if (display_width(text) <= width) return std::string(text);
  std::string result;
  std::size_t columns = 0;
  while (!text.empty()) {
    const Glyph glyph = glyph_at(text);
    if (columns + glyph.columns + 1 > width) break;
    result += text.substr(0, glyph.bytes);
    columns += glyph.columns;
    text.remove_prefix(glyph.bytes);
  }
  return width == 0 ? result : result + (unicode ? "…" : ".");
}

std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t column = 0;
  while (!text.empty()) {
    const auto space = text.find(' ');
    const std::string_view word = text.substr(0, space);
    const std::size_t columns = display_width(word);
    if (column != 0 && column + 1 + columns > width) {
      result += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column != 0) {
      result += ' ';
      ++column;
    }
    result += word;
    column += columns;
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  return result;
}

}  // namespace tcp::cmd
