// SPDX-License-Identifier: MIT
// A filter expression as a tree, for the files of the filter alone. Negation stands at the terms only (De Morgan), so
// that what the kernel can decide of a tree can be cut out of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libtcp/base/ip_address.hpp"
#include "libtcp/net/host.hpp"
#include "libtcp/sockets/filter.hpp"
#include "libtcp/sockets/filter_keys.hpp"

namespace tcp::sockets {

// "Not equal" is the negation of equal.
enum class Comparison : std::uint8_t { equal, less, less_equal, greater, greater_equal };

enum class End : std::uint8_t { local, remote };

struct PortTerm {
  End end = End::local;
  Comparison comparison = Comparison::equal;
  std::uint16_t port = 0;
};
// A prefix of IPv4 addresses holds the IPv4-mapped ones of IPv6 sockets as well, as for the kernel.
struct HostTerm {
  End end = End::local;
  Prefix prefix;
  std::optional<std::uint16_t> port;
};
// The family of the socket itself.
struct FamilyTerm {
  Family family = Family::v4;
};
// The kernel chose the local port: it is not locked by bind(2), and lies in the ephemeral range (a socket that was
// accepted is never locked, whatever its port).
struct AutoboundTerm {
  net::PortInterval ephemeral;
};
struct InterfaceTerm {
  std::uint32_t index = 0;
};
struct MarkTerm {
  std::uint32_t mark = 0;
  std::uint32_t mask = 0xffffffff;
};
// By its ID; 0 is the kernel's for a socket that is in none (TIME-WAIT, SYN-RECEIVED).
struct CgroupTerm {
  std::uint64_t id = 0;
  std::string path;  // as written
};
// Never negated: the other states stand for that.
struct StateTerm {
  StateSet states = 0;
};
struct NumberTerm {
  const FilterKey* key = nullptr;
  Comparison comparison = Comparison::equal;
  std::uint64_t value = 0;  // in the smallest unit of the key's quantity
};
struct NameTerm {
  const FilterKey* key = nullptr;
  std::string pattern;  // with *, ?, [] and \ for the next byte itself
};

using Term = std::variant<PortTerm, HostTerm, FamilyTerm, AutoboundTerm, InterfaceTerm, MarkTerm, CgroupTerm, StateTerm,
                          NumberTerm, NameTerm>;

enum class NodeKind : std::uint8_t { term, all, any };

struct FilterNode {
  NodeKind kind = NodeKind::all;  // all of nothing is true, any of nothing is false
  bool negated = false;           // of a term
  Term term;
  std::vector<FilterNode> children;
};

inline constexpr StateSet kEveryState = 0x3ffe;  // every TcpState

[[nodiscard]] FilterNode make_term(Term term, bool negated = false);
// Children of the same kind are taken in; of one child nothing but the child is left.
[[nodiscard]] FilterNode make_group(NodeKind kind, std::vector<FilterNode> children);
[[nodiscard]] FilterNode negate(FilterNode node);
// Groups within groups; 0 of a term.
[[nodiscard]] std::size_t depth_of(const FilterNode& node);

enum class Truth : std::uint8_t { no, unknown, yes };
[[nodiscard]] Truth decide(const FilterNode& node, const SocketRow& row);

[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view text);
[[nodiscard]] bool is_pattern(std::string_view text);
// Without the backslashes.
[[nodiscard]] std::string unescape(std::string_view text);

[[nodiscard]] StateSet states_of(const FilterNode& node);
[[nodiscard]] bool names_states(const FilterNode& node);
[[nodiscard]] FilterNeeds needs_of(const FilterNode& node);

// The kernel decides such a term exactly.
[[nodiscard]] bool is_kernel_term(const FilterNode& node);
// What holds of every row that matches and is made of kernel terms alone; nothing when there is no such thing.
[[nodiscard]] std::optional<FilterNode> kernel_part(const FilterNode& node);
// What is joined by "and" at the root.
[[nodiscard]] std::vector<const FilterNode*> conjuncts_of(const FilterNode& root);
// The dump request decides this conjunct by its states or its bytecode.
[[nodiscard]] bool is_decided_by_kernel(const FilterNode& conjunct);
// INET_DIAG bytecode of a tree of kernel terms; nothing when it would be longer than a request can be.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> assemble(const FilterNode& node);
[[nodiscard]] std::vector<std::string> disassemble(const std::vector<std::uint8_t>& bytecode);
// "autobound" is known to the kernel alone: true when the kernel decides it wherever it stands in this tree.
[[nodiscard]] bool autobound_is_decidable(const FilterNode& root);

[[nodiscard]] std::string to_text(const FilterNode& node);
[[nodiscard]] std::string to_text(const std::vector<const FilterNode*>& conjuncts);

}  // namespace tcp::sockets
