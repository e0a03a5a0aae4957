// SPDX-License-Identifier: MIT
// The link-layer address of a neighbour: the kernel is asked to resolve it (ARP or ND), then its table is read.
#pragma once

#include <cstdint>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/base/mac_address.hpp"

namespace tcp::net {

// `address` must be on the link of the interface. Needs no privilege: the kernel resolves for any datagram that is
// sent. Errors: EHOSTUNREACH when nobody answered, timed_out when the kernel is still asking at the end of `timeout`.
[[nodiscard]] Result<MacAddress> resolve_neighbour(std::uint32_t interface_index, const IpAddress& address,
                                                   Duration timeout);

}  // namespace tcp::net
