// SPDX-License-Identifier: MIT
// Hosts and ports as ss(8) writes them, and a little more.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "libtcp/base/parse.hpp"
#include "libtcp/sockets/filter_lexer.hpp"
#include "libtcp/sockets/filter_terms.hpp"

namespace tcp::sockets {
namespace {

FilterNode everything() { return {NodeKind::all, false, {}, {}}; }

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "inet:" and "inet6:" before a host or port; what is left.
std::optional<Family> take_family(std::string_view& text) {
  for (const auto& [name, family] : {std::pair(std::string_view("inet:"), Family::v4), {"inet6:", Family::v6}}) {
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return family;
  }
  return std::nullopt;
}

FilterNode within(std::optional<Family> family, FilterNode node) {
  if (!family) return node;
  return make_group(NodeKind::all, {make_term(FamilyTerm{*family}), std::move(node)});
}

Result<std::uint16_t> find_port(std::string_view text, const FilterNames& names) {
  if (is_digits(text)) {
    if (const auto port = parse_unsigned<std::uint16_t>(text)) return *port;
    return filter_error(text, "is no port: 0 to 65535");
  }
  const auto port = names.port ? names.port(text) : std::nullopt;
  if (port) return *port;
  return filter_error(text, "is neither a port nor a service that is known");
}

// "8000-8010"; a service may have a hyphen too.
std::optional<std::pair<std::string_view, std::string_view>> split_range(std::string_view text) {
  const auto hyphen = text.find('-');
  if (hyphen == std::string_view::npos) return std::nullopt;
  const std::pair parts(text.substr(0, hyphen), text.substr(hyphen + 1));
  if (!is_digits(parts.first) || !is_digits(parts.second)) return std::nullopt;
  return parts;
}

FilterNode port_term(End end, Comparison comparison, std::uint16_t port) {
  return make_term(PortTerm{end, comparison, port});
}

// A port, a range or "*" (empty as well) that the port is equal to.
Result<FilterNode> equal_port(End end, std::string_view text, const FilterNames& names) {
  if (text.empty() || text == "*") return everything();
  if (const auto range = split_range(text)) {
    TCP_TRY_ASSIGN(first, find_port(range->first, names));
    TCP_TRY_ASSIGN(last, find_port(range->second, names));
    if (last < first) return filter_error(text, "is a range that ends before it begins");
    return make_group(NodeKind::all,
                      {port_term(end, Comparison::greater_equal, first), port_term(end, Comparison::less_equal, last)});
  }
  TCP_TRY_ASSIGN(port, find_port(text, names));
  return port_term(end, Comparison::equal, port);
}

// ss's short form of IPv4 prefixes: "193.233.7/24" is 193.233.7.0/24, "10/8" 10.0.0.0/8.
std::optional<Prefix> parse_short_prefix(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::string whole(text.substr(0, slash));
  if (!is_digits(whole.substr(0, 1)) || whole.ends_with('.')) return std::nullopt;
  for (auto dots = std::ranges::count(whole, '.'); dots < 3; ++dots) whole += ".0";
  const auto prefix = parse_prefix(whole + std::string(text.substr(slash)));
  return prefix ? std::optional(*prefix) : std::nullopt;
}

std::optional<Prefix> numeric_prefix(std::string_view text) {
  if (const auto prefix = parse_prefix(text)) return *prefix;
  return parse_short_prefix(text);
}

struct HostWords {
  std::string_view address;  // empty: any
  std::string_view port;     // empty: any
};

// The port follows the bracket, or the last colon behind the prefix length.
Result<HostWords> split_host(std::string_view text) {
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return filter_error(text, "has no closing bracket");
    HostWords words{text.substr(1, close - 1), text.substr(close + 1)};
    if (words.port.empty()) return words;
    if (words.port.starts_with('/'))
      return filter_error(text, "has its prefix length within the brackets: [2001:db8::/32]");
    if (!words.port.starts_with(':')) return filter_error(text, "has no ':' between the bracket and the port");
    words.port.remove_prefix(1);
    return words;
  }
  if (numeric_prefix(text)) return HostWords{text, {}};
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return HostWords{text == "*" ? "" : text, {}};
  const std::string_view address = text.substr(0, colon);
  if (address.contains(':') && text.substr(colon).contains('/')) {
    return filter_error(text, "is no IPv6 prefix: 2001:db8::/32, [2001:db8::/32]:443");
  }
  return HostWords{address == "*" ? "" : address, text.substr(colon + 1)};
}

FilterNode address_node(End end, const Prefix& prefix) {
  const Prefix plain{prefix.address.without_scope(), prefix.length};
  FilterNode node = make_term(HostTerm{end, plain, std::nullopt});
  if (prefix.address.scope_id() == 0) return node;
  return make_group(NodeKind::all, {std::move(node), make_term(InterfaceTerm{prefix.address.scope_id()})});
}

Result<FilterNode> any_address_of(End end, const std::string& name, const FilterNames& names) {
  if (!names.addresses || name.contains('/')) {
    return filter_error(name, "is no address or prefix such as 192.0.2.1, 10.0.0.0/8 or [2001:db8::1]");
  }
  TCP_TRY_ASSIGN(addresses, names.addresses(name));
  if (addresses.empty()) return make_error(Errc::resolve_failed, "filter '" + shown(name) + "'", "has no address");
  std::vector<FilterNode> each;
  for (const IpAddress& address : addresses) each.push_back(address_node(end, {address, address.bits()}));
  return make_group(NodeKind::any, std::move(each));
}

Result<FilterNode> address_part(End end, std::string_view text, const FilterNames& names) {
  static constexpr std::array<std::string_view, 4> kAny{"", "any", "all", "default"};
  if (std::ranges::find(kAny, text) != kAny.end()) return everything();
  if (const auto prefix = numeric_prefix(text)) return address_node(end, *prefix);
  if (text.find_first_not_of("0123456789./") == std::string_view::npos) {
    return filter_error(text, "is no IPv4 address or prefix: 192.0.2.1, 10.0.0.0/8");
  }
  return any_address_of(end, std::string(text), names);
}

// A single address with a single port is one instruction of the kernel's.
FilterNode joined(FilterNode address, FilterNode port) {
  auto* host = std::get_if<HostTerm>(&address.term);
  const auto* number = std::get_if<PortTerm>(&port.term);
  const bool both = address.kind == NodeKind::term && port.kind == NodeKind::term && host != nullptr &&
                    number != nullptr && number->comparison == Comparison::equal;
  if (!both) return make_group(NodeKind::all, {std::move(address), std::move(port)});
  host->port = number->port;
  return address;
}

}  // namespace

Result<FilterNode> parse_port(End end, Operator op, std::string_view text, const FilterNames& names) {
  std::string_view port = text;
  const auto family = take_family(port);
  if (port.starts_with(':')) port.remove_prefix(1);
  if (port.empty()) return filter_error(text, "names no port: say :443, or :* for any");
  if (port.find_first_of(":.[/") != std::string_view::npos) {
    return filter_error(text, std::string("is no port; for an address say ") + (end == End::local ? "src" : "dst"));
  }
  if (op.comparison == Comparison::equal) {
    TCP_TRY_ASSIGN(node, equal_port(end, port, names));
    FilterNode whole = within(family, std::move(node));
    return op.negated ? negate(std::move(whole)) : whole;
  }
  if (port.empty() || port == "*" || split_range(port))
    return filter_error(text, "can be equal or not, but not compared");
  TCP_TRY_ASSIGN(number, find_port(port, names));
  return within(family, port_term(end, op.comparison, number));
}

Result<FilterNode> parse_host(End end, std::string_view text, const FilterNames& names) {
  std::string_view host = text;
  const auto family = take_family(host);
  TCP_TRY_ASSIGN(words, split_host(host));
  TCP_TRY_ASSIGN(address, address_part(end, words.address, names));
  TCP_TRY_ASSIGN(port, equal_port(end, words.port, names));
  return within(family, joined(std::move(address), std::move(port)));
}

bool looks_like_host(std::string_view text) {
  if (text.starts_with('[')) return text.contains(':');
  const bool is_numeric =
      is_digits(text.substr(0, 1)) && text.find_first_not_of("0123456789./") == std::string_view::npos;
  return text.contains(':') || (is_numeric && !is_digits(text));
}

}  // namespace tcp::sockets
