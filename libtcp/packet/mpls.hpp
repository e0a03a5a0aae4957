// SPDX-License-Identifier: MIT
// The MPLS label stack that a router appends to an ICMP error (RFC 4950, an object of RFC 4884).
#pragma once

#include <cstdint>
#include <vector>

#include "libtcp/packet/bytes.hpp"

namespace tcp::packet {

struct MplsLabel {
  std::uint32_t label = 0;  // 20 bits
  std::uint8_t traffic_class = 0;
  bool bottom = false;  // of the stack
  std::uint8_t time_to_live = 0;
  friend bool operator==(const MplsLabel&, const MplsLabel&) = default;
};

inline constexpr std::size_t kMostMplsLabels = 16;

// Outermost first; `objects` are IcmpView's extensions. What is malformed ends the reading, what is too much is left.
[[nodiscard]] std::vector<MplsLabel> parse_mpls_labels(Bytes objects);

}  // namespace tcp::packet
