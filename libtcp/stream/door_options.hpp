// SPDX-License-Identifier: MIT
// The limits that a client meets before it is served.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libtcp/stream/access_list.hpp"

namespace tcp::stream {

enum class WhenFull : std::uint8_t {
  queue,   // the next one stays in the kernel's queue until somebody leaves
  refuse,  // the next one is reset at once
};

struct DoorOptions {
  AccessRules access;
  std::size_t max_connections = 0;  // zero: any number
  WhenFull when_full = WhenFull::queue;
  std::size_t max_per_host = 0;  // zero: any number
};

}  // namespace tcp::stream
