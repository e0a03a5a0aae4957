// SPDX-License-Identifier: MIT
// A tree written as an expression that is read as the same tree.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "libtcp/base/tcp_state.hpp"
#include "libtcp/sockets/filter_tree.hpp"

namespace tcp::sockets {
namespace {

std::string_view sign_of(Comparison comparison) {
  switch (comparison) {
    case Comparison::equal: return "=";
    case Comparison::less: return "<";
    case Comparison::less_equal: return "<=";
    case Comparison::greater: return ">";
    case Comparison::greater_equal: return ">=";
  }
  return "=";
}

// In quotes unless every byte stands for itself in an expression. A backslash keeps its meaning within them.
std::string quoted(std::string_view pattern) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./*?@:+").contains(c);
  };
  static constexpr std::array<std::string_view, 12> kReserved{"and", "or", "not", "eq", "ne", "neq",
                                                              "lt",  "le", "leq", "gt", "ge", "geq"};
  if (!pattern.empty() && std::ranges::all_of(pattern, is_plain) &&
      std::ranges::find(kReserved, pattern) == kReserved.end()) {
    return std::string(pattern);
  }
  std::string text = "\"";
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && i + 1 < pattern.size()) {
      text += pattern[i++];
    } else if (pattern[i] == '"') {
      text += '\\';
    }
    text += pattern[i];
  }
  return text + '"';
}

// What a path means when it is read as a pattern.
std::string escaped(std::string_view path) {
  std::string text;
  for (const char c : path) {
    if (std::string_view("\\*?[").contains(c)) text += '\\';
    text += c;
  }
  return text;
}

std::string prefix_text(const Prefix& prefix) {
  const std::string text = prefix.length == prefix.address.bits() ? to_string(prefix.address) : to_string(prefix);
  return prefix.address.is_v4() ? text : '[' + text + ']';
}

std::string states_text(StateSet states) {
  if (states == kEveryState) return "all";
  std::string text;
  for (unsigned state = 0; state < 32; ++state) {
    if ((states >> state & 1U) == 0 || state == static_cast<unsigned>(TcpState::new_syn_received)) continue;
    if (!text.empty()) text += ',';
    text += to_string(static_cast<TcpState>(state));
  }
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  return text;
}

// A term without its negation, as key, sign and value.
struct Writer {
  // "=" is written as "!=" of a negated term; any other sign behind "not".
  struct Parts {
    std::string key;
    std::string_view sign;
    std::string value;
  };

  Parts operator()(const PortTerm& term) const {
    return {term.end == End::local ? "sport" : "dport", sign_of(term.comparison), std::to_string(term.port)};
  }
  Parts operator()(const HostTerm& term) const {
    std::string text = prefix_text(term.prefix);
    if (term.port) text += fmt::format(":{}", *term.port);
    return {term.end == End::local ? "src" : "dst", "=", std::move(text)};
  }
  Parts operator()(const FamilyTerm& term) const {
    return {"family", "=", term.family == Family::v4 ? "ipv4" : "ipv6"};
  }
  Parts operator()(const AutoboundTerm& /*term*/) const { return {"autobound", {}, {}}; }
  Parts operator()(const InterfaceTerm& term) const { return {"dev", "=", std::to_string(term.index)}; }
  Parts operator()(const MarkTerm& term) const {
    return {"fwmark", "=", fmt::format("{:#x}/{:#x}", term.mark, term.mask)};
  }
  Parts operator()(const CgroupTerm& term) const { return {"cgroup", "=", quoted(escaped(term.path))}; }
  Parts operator()(const StateTerm& term) const {
    if (term.states == 0) return {"state", "!=", "all"};
    return {"state", "=", states_text(term.states)};
  }
  Parts operator()(const NumberTerm& term) const {
    return {std::string(term.key->name), sign_of(term.comparison), format_amount(term.key->quantity, term.value)};
  }
  Parts operator()(const NameTerm& term) const { return {std::string(term.key->name), "=", quoted(term.pattern)}; }
};

std::string term_text(const FilterNode& node) {
  const Writer::Parts parts = std::visit(Writer(), node.term);
  const bool by_sign = node.negated && parts.sign == "=";
  std::string text = node.negated && !by_sign ? "not " : "";
  text += parts.key;
  if (parts.sign.empty()) return text;
  return text + fmt::format(" {} {}", by_sign ? "!=" : parts.sign, parts.value);
}

std::string group_text(const FilterNode& node) {
  if (node.kind == NodeKind::term) return term_text(node);
  if (node.children.empty()) return node.kind == NodeKind::all ? "src = *" : "src != *";
  std::string text;
  for (const FilterNode& child : node.children) {
    if (!text.empty()) text += node.kind == NodeKind::all ? " and " : " or ";
    const bool is_group = child.kind != NodeKind::term && !child.children.empty();
    text += is_group ? '(' + group_text(child) + ')' : group_text(child);
  }
  return text;
}

}  // namespace

std::string to_text(const FilterNode& node) { return group_text(node); }

std::string to_text(const std::vector<const FilterNode*>& conjuncts) {
  std::string text;
  for (const FilterNode* conjunct : conjuncts) {
    if (!text.empty()) text += " and ";
    const bool in_parentheses = conjunct->kind == NodeKind::any && conjuncts.size() > 1 && !conjunct->children.empty();
    text += in_parentheses ? '(' + group_text(*conjunct) + ')' : group_text(*conjunct);
  }
  return text;
}

}  // namespace tcp::sockets
