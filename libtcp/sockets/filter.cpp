// SPDX-License-Identifier: MIT
#include "libtcp/sockets/filter.hpp"

#include <algorithm>
#include <utility>

#include "libtcp/sockets/filter_parser.hpp"
#include "libtcp/sockets/filter_tree.hpp"

namespace tcp::sockets {
namespace {

// Nothing when no bytecode is of use.
std::optional<std::vector<std::uint8_t>> kernel_bytecode(const FilterNode& root) {
  const auto part = kernel_part(root);
  return part ? assemble(*part) : std::nullopt;
}

}  // namespace

Result<Filter> Filter::parse(std::string_view text, const FilterNames& names) {
  if (text.size() > kMostBytes) {
    return usage_error("filter", "is longer than " + std::to_string(kMostBytes) + " bytes");
  }
  TCP_TRY_ASSIGN(tokens, tokenize(text));
  if (tokens.front().kind == TokenKind::end) return Filter();
  TokenReader reader(std::move(tokens));
  TCP_TRY_ASSIGN(root, parse_expression(reader, names));
  return Filter(std::make_shared<const FilterNode>(std::move(root)));
}

Filter Filter::operator&&(const Filter& other) const {
  if (empty()) return other;
  if (other.empty()) return *this;
  return Filter(std::make_shared<const FilterNode>(make_group(NodeKind::all, {*root_, *other.root_})));
}

bool Filter::matches(const SocketRow& row) const { return empty() || decide(*root_, row) == Truth::yes; }

bool Filter::may_match(const SocketRow& row) const { return empty() || decide(*root_, row) != Truth::no; }

StateSet Filter::states() const { return empty() ? kEveryState : states_of(*root_); }

bool Filter::selects_everything() const {
  if (empty()) return true;
  return states() == kEveryState && kernel_decides_all() && !kernel_part(*root_);
}

bool Filter::names_states() const { return !empty() && sockets::names_states(*root_); }

std::vector<std::uint8_t> Filter::bytecode() const {
  if (empty()) return {};
  return kernel_bytecode(*root_).value_or(std::vector<std::uint8_t>());
}

bool Filter::kernel_decides_all() const {
  if (empty()) return true;
  const bool fits = !kernel_part(*root_) || kernel_bytecode(*root_);
  return fits && std::ranges::all_of(conjuncts_of(*root_),
                                     [](const FilterNode* conjunct) { return is_decided_by_kernel(*conjunct); });
}

FilterNeeds Filter::needs() const { return empty() ? FilterNeeds() : needs_of(*root_); }

std::string Filter::to_string() const { return empty() ? std::string() : to_text(*root_); }

Filter::Explanation Filter::explain() const {
  if (empty()) return {};
  std::vector<const FilterNode*> kernel;
  std::vector<const FilterNode*> here;
  std::vector<FilterNode> parts;
  const auto bytecode = kernel_bytecode(*root_);
  const auto conjuncts = conjuncts_of(*root_);
  parts.reserve(conjuncts.size());
  for (const FilterNode* conjunct : conjuncts) {
    const bool decided = is_decided_by_kernel(*conjunct);
    auto part = kernel_part(*conjunct);
    const bool is_told = !part || bytecode;  // too long a program is not sent at all
    if (decided && is_told) {
      kernel.push_back(conjunct);
    } else {
      if (part && is_told) kernel.push_back(&parts.emplace_back(*std::move(part)));
      here.push_back(conjunct);
    }
  }
  return {to_text(kernel), to_text(here), bytecode ? disassemble(*bytecode) : std::vector<std::string>()};
}

}  // namespace tcp::sockets
