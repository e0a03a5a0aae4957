// SPDX-License-Identifier: MIT
// Moves a pair's bytes, a turn at a time, never waiting. Each way ends by itself; a reset ends both, after what had
// arrived before it was moved.
#pragma once

#include "libtcp/stream/forward_pair.hpp"

namespace tcp::stream {

// The target is reached: both ways begin.
void open_ways(ForwardPair& pair);
// What comes from `from`, as far as it goes now. True when a byte arrived.
bool flow(ForwardPair& pair, Side from);
// A side of which nothing was wanted is gone.
void note_gone(ForwardPair& pair, Side side);

[[nodiscard]] std::uint32_t wanted_events(const ForwardPair& pair, Side side) noexcept;

}  // namespace tcp::stream
