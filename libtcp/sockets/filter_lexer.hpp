// SPDX-License-Identifier: MIT
// The words and signs of a filter expression.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"

namespace tcp::sockets {

enum class TokenKind : std::uint8_t {
  word,
  open,
  close,
  negation,
  conjunction,
  disjunction,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  end,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;  // of a word: without quotes, backslashes kept
  bool quoted = false;
};

// The last token is `end`. Errors: an open quote, a control character, a backslash at the end.
[[nodiscard]] Result<std::vector<Token>> tokenize(std::string_view text);
// "lt", "geq", "==": how the operator is called where one is expected; `word` for any other.
[[nodiscard]] TokenKind comparison_word(std::string_view word);

[[nodiscard]] constexpr bool is_comparison(TokenKind kind) {
  return kind >= TokenKind::equal && kind <= TokenKind::greater_equal;
}

// For an error message: safe to show and not too long.
[[nodiscard]] std::string shown(std::string_view word);
[[nodiscard]] std::unexpected<Error> filter_error(std::string_view word, std::string why);

}  // namespace tcp::sockets
