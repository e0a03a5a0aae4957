// SPDX-License-Identifier: MIT
#include "libtcp/sockets/filter_terms.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "libtcp/base/parse.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/sockets/filter_parser.hpp"

namespace tcp::sockets {
namespace {

Operator operator_of(TokenKind kind) {
  switch (kind) {
    case TokenKind::not_equal: return {Comparison::equal, true};
    case TokenKind::less: return {Comparison::less, false};
    case TokenKind::less_equal: return {Comparison::less_equal, false};
    case TokenKind::greater: return {Comparison::greater, false};
    case TokenKind::greater_equal: return {Comparison::greater_equal, false};
    default: return {};
  }
}

// One term after its key: operator and value are taken on demand.
class TermParser {
 public:
  TermParser(TokenReader& tokens, const FilterNames& names, const FilterKey& key)
      : tokens_(tokens), names_(names), key_(key) {}

  Result<FilterNode> run() {
    if (key_.kind == KeyKind::autobound) return make_term(AutoboundTerm{names_.ephemeral});
    if (key_.kind == KeyKind::state || key_.kind == KeyKind::exclude) return states();
    take_operator();
    TCP_TRY_ASSIGN(value, take_value());
    if (op_.comparison != Comparison::equal && key_.kind != KeyKind::port && key_.kind != KeyKind::number) {
      return filter_error(sign_, std::string(key_.name) + " can be equal (=) or not (!=), but not less or greater");
    }
    if (key_.kind == KeyKind::port) return parse_port(end(), op_, unescape(value.text), names_);
    TCP_TRY_ASSIGN(node, equal(value));
    return op_.negated ? negate(std::move(node)) : std::move(node);
  }

 private:
  [[nodiscard]] End end() const { return key_.remote ? End::remote : End::local; }

  void take_operator() {
    const Token& token = tokens_.peek();
    TokenKind kind = token.kind;
    if (kind == TokenKind::word && !token.quoted) kind = comparison_word(token.text);
    if (!is_comparison(kind)) return;
    sign_ = token.text;
    op_ = operator_of(kind);
    tokens_.take();
  }

  Result<Token> take_value() {
    const Token& token = tokens_.peek();
    if (token.kind == TokenKind::word) return tokens_.take();
    return filter_error(key_.name, std::string("needs a value: ") + example());
  }

  [[nodiscard]] std::string example() const {
    const std::string name(key_.name);
    switch (key_.kind) {
      case KeyKind::host: return name + " = 192.0.2.1";
      case KeyKind::port: return name + " = :443";
      case KeyKind::family: return name + " = ipv6";
      case KeyKind::interface: return name + " = eth0";
      case KeyKind::mark: return name + " = 0x1/0xff";
      case KeyKind::cgroup: return name + " = /system.slice/nginx.service";
      case KeyKind::user: return name + " = www-data";
      case KeyKind::number: return name + (key_.quantity == Quantity::duration ? " > 50ms" : " > 10");
      default: return name + " = nginx";
    }
  }

  Result<FilterNode> equal(const Token& value) {
    const std::string text = unescape(value.text);
    switch (key_.kind) {
      case KeyKind::host: return parse_host(end(), text, names_);
      case KeyKind::family: return family(text);
      case KeyKind::interface: return interface(text);
      case KeyKind::mark: return mark(text);
      case KeyKind::cgroup: return cgroup(value.text);
      case KeyKind::user: return user(text);
      case KeyKind::name: return make_term(NameTerm{&key_, value.text});
      default: return number(text);
    }
  }

  static Result<FilterNode> family(const std::string& text) {
    if (text == "ipv4" || text == "inet" || text == "4") return make_term(FamilyTerm{Family::v4});
    if (text == "ipv6" || text == "inet6" || text == "6") return make_term(FamilyTerm{Family::v6});
    return filter_error(text, "is no family: ipv4 or ipv6");
  }

  Result<FilterNode> interface(const std::string& text) {
    const auto found = names_.interface_index ? names_.interface_index(text) : std::nullopt;
    if (found) return make_term(InterfaceTerm{*found});
    if (const auto index = parse_unsigned<std::uint32_t>(text)) return make_term(InterfaceTerm{*index});
    return filter_error(
        text, "is no interface with the same index in every network namespace that is asked, and no index of one");
  }

  static std::optional<std::uint32_t> mark_number(std::string_view text) {
    std::uint32_t value = 0;
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    if (hex) text.remove_prefix(2);
    const char* stop = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), stop, value, hex ? 16 : 10);
    return text.empty() || error != std::errc() || at != stop ? std::nullopt : std::optional(value);
  }

  Result<FilterNode> mark(const std::string& text) {
    if (!names_.sees_marks) {
      return make_error(Errc::not_permitted, "filter '" + std::string(key_.name) + "'",
                        "the kernel tells marks to those with CAP_NET_ADMIN only",
                        net::how_to_get(net::Capability::net_admin));
    }
    const auto slash = text.find('/');
    const auto value = mark_number(std::string_view(text).substr(0, slash));
    const auto mask =
        slash == std::string::npos ? std::optional(0xffffffffU) : mark_number(std::string_view(text).substr(slash + 1));
    if (value && mask) return make_term(MarkTerm{*value, *mask});
    return filter_error(text, "is no mark: 0x1, or 0x1/0xff with the bits that count");
  }

  Result<FilterNode> cgroup(const std::string& pattern) {
    if (is_pattern(pattern)) return make_term(NameTerm{&name_key(NameSource::cgroup), pattern});
    const std::string path = unescape(pattern);
    const auto id = names_.cgroup_id ? names_.cgroup_id(path) : std::nullopt;
    if (id) return make_term(CgroupTerm{*id, path});
    return filter_error(path, "is no cgroup (version 2): /system.slice/nginx.service");
  }

  Result<FilterNode> user(const std::string& text) {
    const FilterKey* key = find_filter_key("uid");
    if (const auto id = parse_unsigned<std::uint32_t>(text)) {
      return make_term(NumberTerm{key, Comparison::equal, *id});
    }
    const auto id = names_.user_id ? names_.user_id(text) : std::nullopt;
    if (id) return make_term(NumberTerm{key, Comparison::equal, *id});
    return filter_error(text, "is no user of this system");
  }

  Result<FilterNode> number(const std::string& text) {
    const bool is_lower_bound = op_.comparison == Comparison::greater || op_.comparison == Comparison::greater_equal;
    if (key_.number == NumberSource::age && !is_lower_bound) return age_error();
    TCP_TRY_ASSIGN(value, parse_amount(key_, text));
    return make_term(NumberTerm{&key_, op_.comparison, value});
  }

  // "state a state b exclude c", side by side, is one term, as in ss: a or b, but not c.
  Result<FilterNode> states() {
    bool excludes = key_.kind == KeyKind::exclude;
    StateSet states = excludes ? kEveryState : 0;
    for (;;) {
      op_ = {};
      take_operator();
      if (op_.comparison != Comparison::equal) return filter_error(sign_, "states are equal (=) or not (!=)");
      TCP_TRY_ASSIGN(named, state_value());
      const StateSet some = op_.negated ? kEveryState & ~named : named;
      states = excludes ? states & ~some : states | some;
      const FilterKey* next = next_states_key();
      if (next == nullptr) break;
      excludes = next->kind == KeyKind::exclude;
      tokens_.take();
    }
    return make_term(StateTerm{states});
  }

  Result<StateSet> state_value() {
    const Token& token = tokens_.peek();
    if (token.kind != TokenKind::word) {
      return filter_error(key_.name, "needs a state: " + std::string(key_.name) + " established");
    }
    return parse_states(unescape(tokens_.take().text));
  }

  [[nodiscard]] const FilterKey* next_states_key() const {
    const Token& token = tokens_.peek();
    const FilterKey* key = token.kind == TokenKind::word && !token.quoted ? find_filter_key(token.text) : nullptr;
    const bool is_of_states = key != nullptr && (key->kind == KeyKind::state || key->kind == KeyKind::exclude);
    return is_of_states ? key : nullptr;
  }

  TokenReader& tokens_;
  const FilterNames& names_;
  const FilterKey& key_;
  Operator op_;
  std::string sign_;
};

Result<FilterNode> either_end(const std::string& text, const FilterNames& names) {
  TCP_TRY_ASSIGN(local, parse_host(End::local, text, names));
  TCP_TRY_ASSIGN(remote, parse_host(End::remote, text, names));
  return make_group(NodeKind::any, {std::move(local), std::move(remote)});
}

// A process, unit or container of that name.
FilterNode somebody_called(const std::string& pattern) {
  std::vector<FilterNode> terms;
  terms.push_back(make_term(NameTerm{&name_key(NameSource::process), pattern}));
  terms.push_back(make_term(NameTerm{&name_key(NameSource::unit), pattern}));
  if (!pattern.contains('.')) terms.push_back(make_term(NameTerm{&name_key(NameSource::unit), pattern + ".service"}));
  terms.push_back(make_term(NameTerm{&name_key(NameSource::container), pattern}));
  return make_group(NodeKind::any, std::move(terms));
}

// A word without a key, when it is surely a slip.
Result<void> check_bare_word(const std::string& word, const Token& next) {
  const bool compared = is_comparison(next.kind) ||
                        (next.kind == TokenKind::word && !next.quoted && comparison_word(next.text) != TokenKind::word);
  const std::string near = near_key_hint(word);
  if (compared) return filter_error(word, "is no key" + (near.empty() ? "; see FILTER LANGUAGE in the manual" : near));
  if (word.empty()) return filter_error(word, "is empty");
  if (parse_unsigned<std::uint64_t>(word)) {
    return filter_error(word, "is a number: say :" + word + " for a port or pid " + word + " for a process");
  }
  if (is_state_word(word)) return filter_error(word, "is a state: say state " + word);
  if (word.contains('/')) return filter_error(word, "is no prefix of addresses; for a cgroup say cgroup " + word);
  if (next.kind == TokenKind::word && !near.empty()) {
    return filter_error(word, "is no key" + near + " For a process of that name say process " + word);
  }
  return {};
}

}  // namespace

Result<FilterNode> parse_term(TokenReader& tokens, const FilterNames& names) {
  const Token word = tokens.take();
  if (word.quoted) return somebody_called(word.text);
  if (const FilterKey* key = find_filter_key(word.text)) return TermParser(tokens, names, *key).run();
  const std::string text = unescape(word.text);
  if (looks_like_host(text)) return either_end(text, names);
  TCP_TRY(check_bare_word(text, tokens.peek()));
  return somebody_called(word.text);
}

}  // namespace tcp::sockets
