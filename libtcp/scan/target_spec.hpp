// SPDX-License-Identifier: MIT
// The words that people write for the targets of a scan. Parsing asks nothing of the network; names are resolved in a
// second step, through a callback.
//
//   192.0.2.1  192.0.2.0/24  192.0.2.1-192.0.2.9  10.0.0-3.1-254  *  2001:db8::1  [2001:db8::1]  fe80::1%eth0
//   2001:db8::/112  example.org
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/scan/target_set.hpp"

namespace tcp::scan {

// An IPv6 prefix or range may hold at most 2^20 addresses: more is no scan that ends.
inline constexpr unsigned kMaxIpv6HostBits = 20;

struct TargetName {
  std::string host;
  friend bool operator==(const TargetName&, const TargetName&) = default;
};

using TargetSpec = std::variant<std::vector<AddressRange>, TargetName>;

// Errors: reversed ranges, octets out of range, shortened addresses, multicast and unspecified addresses, IPv6 prefixes
// that are too large, ports; each names the word.
[[nodiscard]] Result<TargetSpec> parse_target(std::string_view text);

// All addresses of a name, in the order of preference.
using NameLookup = std::function<Result<std::vector<IpAddress>>(const std::string& host)>;

struct TargetChoice {
  std::optional<Family> family;     // only these
  bool first_address_only = false;  // of a name
};

struct Targets {
  TargetSet set;
  std::map<IpAddress, std::string> names;  // as the user wrote them, for those that came from one
};

// Looks the names up and takes the exclusions away. Errors: a name without a fitting address; nothing left to scan.
[[nodiscard]] Result<Targets> resolve_targets(std::span<const TargetSpec> wanted, std::span<const TargetSpec> excluded,
                                              const TargetChoice& choice, const NameLookup& lookup);

}  // namespace tcp::scan
