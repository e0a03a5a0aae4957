// SPDX-License-Identifier: MIT
// A run of addresses from one to another.
#pragma once

#include <string_view>

#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"

namespace tcp {

// Both ends belong to it; both of one family and zone, first <= last.
struct AddressRange {
  IpAddress first;
  IpAddress last;

  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
  friend bool operator==(const AddressRange&, const AddressRange&) noexcept = default;
};

[[nodiscard]] AddressRange to_range(const Prefix& prefix) noexcept;

// "192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9", the same for IPv6. IPv4-mapped addresses become IPv4.
// Errors: neither of these, reversed, two families.
[[nodiscard]] Result<AddressRange> parse_address_range(std::string_view text);

}  // namespace tcp
