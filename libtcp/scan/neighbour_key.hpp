// SPDX-License-Identifier: MIT
// A neighbour as a key: an address on a link.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "libtcp/base/ip_address.hpp"

namespace tcp::scan {

struct NeighbourKey {
  std::uint32_t interface_index = 0;
  IpAddress address;  // without its zone, which the interface tells
  friend bool operator==(const NeighbourKey&, const NeighbourKey&) noexcept = default;

  struct Hash {
    std::size_t operator()(const NeighbourKey& key) const noexcept {
      return std::hash<IpAddress>()(key.address) * 31 + key.interface_index;
    }
  };
};

}  // namespace tcp::scan
