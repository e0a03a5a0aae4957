// SPDX-License-Identifier: MIT
#include "libtcp/sockets/filter_parser.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace tcp::sockets {
namespace {

// Parentheses and negations within each other. A little more than the tree may be deep, so that what is written out of
// a tree can be read again.
constexpr std::size_t kMostNesting = Filter::kMostDepth + 8;

std::string most_nesting() { return "at most " + std::to_string(Filter::kMostDepth) + " levels of nesting are read"; }

class Parser {
 public:
  Parser(TokenReader& tokens, const FilterNames& names) : tokens_(tokens), names_(names) {}

  Result<FilterNode> disjunction() {
    std::vector<FilterNode> children;
    for (;;) {
      TCP_TRY_ASSIGN(child, conjunction());
      children.push_back(std::move(child));
      if (tokens_.peek().kind != TokenKind::disjunction) break;
      tokens_.take();
    }
    return make_group(NodeKind::any, std::move(children));
  }

 private:
  Result<FilterNode> conjunction() {
    std::vector<FilterNode> children;
    for (;;) {
      TCP_TRY_ASSIGN(child, factor());
      children.push_back(std::move(child));
      const TokenKind next = tokens_.peek().kind;
      if (next == TokenKind::conjunction) {
        tokens_.take();
      } else if (next != TokenKind::word && next != TokenKind::open && next != TokenKind::negation) {
        break;
      }
    }
    return make_group(NodeKind::all, std::move(children));
  }

  Result<FilterNode> factor() {
    const Token& token = tokens_.peek();
    if (token.kind == TokenKind::word) return parse_term(tokens_, names_);
    if (token.kind == TokenKind::open || token.kind == TokenKind::negation) return nested();
    return unexpected(token);
  }

  Result<FilterNode> nested() {
    if (++nesting_ > kMostNesting) return filter_error(tokens_.peek().text, most_nesting());
    const bool negated = tokens_.take().kind == TokenKind::negation;
    auto inner = negated ? factor() : disjunction();
    if (!inner) return inner;
    if (!negated) {
      if (tokens_.peek().kind != TokenKind::close) return unclosed();
      tokens_.take();
    }
    --nesting_;
    return negated ? negate(*std::move(inner)) : inner;
  }

  [[nodiscard]] std::unexpected<Error> unclosed() const {
    const Token& token = tokens_.peek();
    if (token.kind == TokenKind::end) return filter_error("(", "is not closed");
    return filter_error(token.text, "comes where ')' or another term is expected");
  }

  [[nodiscard]] static std::unexpected<Error> unexpected(const Token& token) {
    switch (token.kind) {
      case TokenKind::end: return filter_error("", "ends where a term is expected, such as dport = :443");
      case TokenKind::close: return filter_error(token.text, "comes where a term is expected, such as dport = :443");
      case TokenKind::conjunction:
      case TokenKind::disjunction: return filter_error(token.text, "joins two terms, but there is none before it");
      default: return filter_error(token.text, "compares, but there is no key before it: dport = :443");
    }
  }

  TokenReader& tokens_;
  const FilterNames& names_;
  std::size_t nesting_ = 0;
};

bool has_upper_bound_of_age(const FilterNode& node) {
  if (node.kind != NodeKind::term) return std::ranges::any_of(node.children, has_upper_bound_of_age);
  const auto* term = std::get_if<NumberTerm>(&node.term);
  return node.negated && term != nullptr && term->key->number == NumberSource::age;
}

}  // namespace

std::unexpected<Error> age_error() {
  return filter_error("age",
                      "is known from below alone, for the kernel does not tell when a connection was opened: age > 1h");
}

Result<FilterNode> parse_expression(TokenReader& tokens, const FilterNames& names) {
  TCP_TRY_ASSIGN(root, Parser(tokens, names).disjunction());
  const Token& rest = tokens.peek();
  if (rest.kind == TokenKind::close) return filter_error(rest.text, "closes nothing");
  if (rest.kind != TokenKind::end) {
    return filter_error(rest.text, "compares, but the term before it is complete; join terms by 'and' or 'or'");
  }
  if (depth_of(root) > Filter::kMostDepth) return filter_error("(", most_nesting());
  if (has_upper_bound_of_age(root)) return age_error();
  if (!autobound_is_decidable(root)) {
    return filter_error("autobound",
                        "is known to the kernel alone, which does not know the terms that 'or' joins to it");
  }
  return std::move(root);
}

}  // namespace tcp::sockets
