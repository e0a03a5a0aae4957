// SPDX-License-Identifier: MIT
// The link-layer address of a neighbour: the kernel is asked to resolve it (ARP or ND), then its table is read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/base/mac_address.hpp"

namespace tcp::net {

// `address` must be on the link of the interface. Needs no privilege: the kernel resolves for any datagram that is
// sent. Errors: EHOSTUNREACH when nobody answered, timed_out when the kernel is still asking at the end of `timeout`.
[[nodiscard]] Result<MacAddress> resolve_neighbour(std::uint32_t interface_index, const IpAddress& address,
                                                   Duration timeout);

// Makes the kernel resolve it, unless it knows the answer, and waits for nothing. It sends an empty datagram to the
// discard port (RFC 863), which goes no further than this link.
[[nodiscard]] Result<void> ask_for_neighbour(std::uint32_t interface_index, const IpAddress& address);

// What the kernel knows of a neighbour.
struct Neighbour {
  std::uint32_t interface_index = 0;
  IpAddress address;                           // a link-local one of IPv6 with the interface as its scope
  std::optional<MacAddress> mac_address = {};  // absent: not resolved
  bool failed = false;                         // asked, and nobody answered
  bool stale = false;                          // the kernel would confirm it after the next packet of its own
};

// The kernel's whole table, at most `most` of it.
[[nodiscard]] Result<std::vector<Neighbour>> list_neighbours(std::size_t most);

}  // namespace tcp::net
