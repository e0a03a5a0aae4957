// SPDX-License-Identifier: MIT
// What a probe of our own making looks like, beside whom it goes to.
#pragma once

#include <cstdint>
#include <optional>

#include "libtcp/packet/tcp_header.hpp"

namespace tcp::scan {

struct ProbeShape {
  std::uint16_t control_bits = packet::control::syn;
  std::optional<std::uint16_t> maximum_segment_size;  // absent: what the MTU of the way allows
  std::uint8_t time_to_live = 64;                     // Linux's
  bool options = true;  // Linux's options of a SYN; without: a bare header (and an MSS that was asked for)
};

}  // namespace tcp::scan
