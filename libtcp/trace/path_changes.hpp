// SPDX-License-Identifier: MIT
// What boxes on the way changed in our SYN, and between which hops: a change is there in one hop's quote and was not
// yet in an earlier one's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libtcp/trace/path.hpp"

namespace tcp::trace {

// A router quotes a packet as it came in: what hop 2 does when it forwards shows first in the quote of hop 3, and a box
// between the two cannot be told from it.
struct PathChange {
  Field field = Field::mss;
  std::string before;
  std::string after;
  std::uint8_t last_without = 0;  // the last hop whose quote does not have it; 0: we ourselves
  std::uint8_t first_with = 0;
  std::uint32_t flows = 0;  // in which it was seen
};

// By hop, then by field. A change that is undone further on is two changes.
[[nodiscard]] std::vector<PathChange> locate_changes(const Path& path);

}  // namespace tcp::trace
