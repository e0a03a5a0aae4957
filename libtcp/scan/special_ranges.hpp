// SPDX-License-Identifier: MIT
// Addresses that a scan of a large range does not mean: nobody's, everybody's, or this host's own.
//
// IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890), without what they call globally reachable and
// without private networks (RFC 1918, RFC 6598, RFC 4193), which are there to be scanned; with multicast (RFC 5771,
// RFC 4291 §2.7).
#pragma once

#include <span>

#include "libtcp/base/address_range.hpp"

namespace tcp::scan {

// Sorted by family and address, disjoint.
[[nodiscard]] std::span<const AddressRange> special_ranges();

}  // namespace tcp::scan
