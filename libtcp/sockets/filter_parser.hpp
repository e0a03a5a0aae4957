// SPDX-License-Identifier: MIT
// From tokens to a tree: what joins terms here, the terms themselves in filter_terms.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/sockets/filter_lexer.hpp"
#include "libtcp/sockets/filter_tree.hpp"

namespace tcp::sockets {

// The tokens that are left. The last one is `end` and never taken.
class TokenReader {
 public:
  explicit TokenReader(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  [[nodiscard]] const Token& peek(std::size_t ahead = 0) const {
    return tokens_[at_ + ahead < tokens_.size() ? at_ + ahead : tokens_.size() - 1];
  }
  const Token& take() {
    const Token& token = tokens_[at_];
    if (at_ + 1 < tokens_.size()) ++at_;
    return token;
  }

 private:
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
};

// One term from its key to its value, or a word that stands for itself (":443", "nginx").
[[nodiscard]] Result<FilterNode> parse_term(TokenReader& tokens, const FilterNames& names);

// "age" is known from below alone.
[[nodiscard]] std::unexpected<Error> age_error();

// The whole expression; the reader is not at its end at first.
[[nodiscard]] Result<FilterNode> parse_expression(TokenReader& tokens, const FilterNames& names);

}  // namespace tcp::sockets
