// SPDX-License-Identifier: MIT
// Between which hops packets vanish that are too large: those before answer a large packet whose TTL ends there, those
// behind answer small ones only. No I/O and no clock.
#pragma once

#include <functional>
#include <optional>

#include "libtcp/trace/pmtu.hpp"

namespace tcp::trace {

enum class PacketSize : std::uint8_t { small, large };

// What a packet whose TTL ends at a hop brought back, after as many tries as are due.
struct HopWord {
  std::optional<IpAddress> sender;  // of "time exceeded"
  bool target = false;              // the target acknowledged it
};
using AskHop = std::function<HopWord(PacketSize size, std::uint8_t hop)>;

struct BlackHole {
  std::optional<MtuHop> last_through;
  std::optional<MtuHop> first_beyond;  // absent: not located
};

// A hop that is silent to a large packet and answers a small one may just answer seldom: it is named only when none of
// the next hops answers a large one either.
[[nodiscard]] BlackHole locate_black_hole(const AskHop& ask, const IpAddress& target);

}  // namespace tcp::trace
