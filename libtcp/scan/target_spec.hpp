// SPDX-License-Identifier: MIT
// The words that people write for the targets of a scan. Parsing asks nothing of the network; names are resolved in a
// second step, through a callback.
//
//   192.0.2.1  192.0.2.0/24  192.0.2.1-192.0.2.9  10.0.0-3.1-254  *  2001:db8::1  [2001:db8::1]  fe80::1%eth0
//   2001:db8::/112  example.org
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libtcp/base/address_range.hpp"
#include "libtcp/base/error.hpp"

namespace tcp::scan {

// An IPv6 prefix or range may hold at most 2^20 addresses: more is no scan that ends.
inline constexpr unsigned kMaxIpv6HostBits = 20;

struct TargetName {
  std::string host;
  friend bool operator==(const TargetName&, const TargetName&) = default;
};

using TargetSpec = std::variant<std::vector<AddressRange>, TargetName>;

// What is excluded may be of any size, and nothing that a connection could be opened to.
enum class TargetRole : std::uint8_t { wanted, excluded };

// Errors: reversed ranges, octets out of range, shortened addresses, multicast and unspecified addresses, IPv6 prefixes
// that are too large, ports; each names the word.
[[nodiscard]] Result<TargetSpec> parse_target(std::string_view text, TargetRole role = TargetRole::wanted);

}  // namespace tcp::scan
