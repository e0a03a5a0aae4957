// SPDX-License-Identifier: MIT
// Values of terms: hosts, ports, states.
#pragma once

#include <cstdint>
#include <string_view>

#include "libtcp/base/error.hpp"
#include "libtcp/sockets/filter_tree.hpp"

namespace tcp::sockets {

// An operator as written; "not equal" is made a negation by the caller.
struct Operator {
  Comparison comparison = Comparison::equal;
  bool negated = false;
};

// ":443", "443", "https", ":8000-8010", "inet6::22".
[[nodiscard]] Result<FilterNode> parse_port(End end, Operator op, std::string_view text, const FilterNames& names);
// "10.0.0.0/8", "192.0.2.1:443", "[2001:db8::1]:443", "*:443", ":443", "example.org", "fe80::1%eth0", "inet:10/8".
[[nodiscard]] Result<FilterNode> parse_host(End end, std::string_view text, const FilterNames& names);
// A word without a key that is an address, a prefix, or has a port: of either end.
[[nodiscard]] bool looks_like_host(std::string_view text);

// "established,time-wait", "connected": RFC 9293's names and ss's, groups as well.
[[nodiscard]] Result<StateSet> parse_states(std::string_view text);
[[nodiscard]] bool is_state_word(std::string_view text);

}  // namespace tcp::sockets
