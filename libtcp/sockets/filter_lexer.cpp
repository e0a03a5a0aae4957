// SPDX-License-Identifier: MIT
#include "libtcp/sockets/filter_lexer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "libtcp/base/sanitize.hpp"

namespace tcp::sockets {
namespace {

constexpr std::size_t kMostShown = 60;  // bytes of a word in an error message

struct Named {
  std::string_view text;
  TokenKind kind;
};

// The longer of two that begin alike comes first.
constexpr std::array kSigns{
    Named{"&&", TokenKind::conjunction},   Named{"&", TokenKind::conjunction}, Named{"||", TokenKind::disjunction},
    Named{"|", TokenKind::disjunction},    Named{"(", TokenKind::open},        Named{")", TokenKind::close},
    Named{"!=", TokenKind::not_equal},     Named{"!", TokenKind::negation},    Named{"==", TokenKind::equal},
    Named{"=", TokenKind::equal},          Named{"<=", TokenKind::less_equal}, Named{"<", TokenKind::less},
    Named{">=", TokenKind::greater_equal}, Named{">", TokenKind::greater},
};

constexpr std::array kJoiningWords{
    Named{"and", TokenKind::conjunction},
    Named{"or", TokenKind::disjunction},
    Named{"not", TokenKind::negation},
};

constexpr std::array kComparisonWords{
    Named{"eq", TokenKind::equal},   Named{"ne", TokenKind::not_equal},     Named{"neq", TokenKind::not_equal},
    Named{"lt", TokenKind::less},    Named{"le", TokenKind::less_equal},    Named{"leq", TokenKind::less_equal},
    Named{"gt", TokenKind::greater}, Named{"ge", TokenKind::greater_equal}, Named{"geq", TokenKind::greater_equal},
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && !is_space(c)) || c == 0x7f; }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : rest_(text) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> tokens;
    for (skip_spaces(); !rest_.empty(); skip_spaces()) {
      TCP_TRY_ASSIGN(token, next());
      tokens.push_back(std::move(token));
    }
    tokens.emplace_back();
    return tokens;
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
  }

  Result<Token> next() {
    for (const auto& [text, kind] : kSigns) {
      if (!rest_.starts_with(text)) continue;
      rest_.remove_prefix(text.size());
      return Token{kind, std::string(text), false};
    }
    return word();
  }

  [[nodiscard]] bool ends_word() const {
    const char c = rest_.front();
    return is_space(c) || std::string_view("()=<>&|").contains(c) || rest_.starts_with("!=");
  }

  Result<Token> word() {
    Token token{TokenKind::word, {}, false};
    while (!rest_.empty() && !ends_word()) {
      const char c = rest_.front();
      if (c == '"' || c == '\'') {
        TCP_TRY(quotation(token, c));
      } else {
        TCP_TRY(byte(token));
      }
    }
    if (token.quoted) return token;
    for (const auto& [text, kind] : kJoiningWords) {
      if (token.text == text) token.kind = kind;
    }
    return token;
  }

  Result<void> quotation(Token& token, char quote) {
    token.quoted = true;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != quote) TCP_TRY(byte(token));
    if (rest_.empty()) return filter_error(token.text, std::string("the quote ") + quote + " is not closed");
    rest_.remove_prefix(1);
    return {};
  }

  Result<void> byte(Token& token) {
    if (rest_.front() == '\\') {
      token.text += '\\';
      rest_.remove_prefix(1);
      if (rest_.empty()) return filter_error(token.text, "nothing follows the backslash");
    }
    if (is_control(rest_.front())) return filter_error(token.text + rest_.front(), "has a control character");
    token.text += rest_.front();
    rest_.remove_prefix(1);
    return {};
  }

  std::string_view rest_;
};

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view text) { return Lexer(text).run(); }

TokenKind comparison_word(std::string_view word) {
  const auto* found = std::ranges::find(kComparisonWords, word, &Named::text);
  return found == kComparisonWords.end() ? TokenKind::word : found->kind;
}

std::string shown(std::string_view word) {
  if (word.size() <= kMostShown) return sanitize(word);
  return sanitize(word.substr(0, kMostShown)) + "…";
}

std::unexpected<Error> filter_error(std::string_view word, std::string why) {
  return usage_error("filter '" + shown(word) + "'", std::move(why));
}

}  // namespace tcp::sockets
