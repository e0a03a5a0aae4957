// SPDX-License-Identifier: MIT
#include "libtcp/trace/black_hole.hpp"

namespace tcp::trace {
namespace {

constexpr std::uint8_t kMostHops = 32;
constexpr unsigned kHopsAhead = 4;  // that must not answer a large packet either

}  // namespace

BlackHole locate_black_hole(const AskHop& ask, const IpAddress& target) {
  BlackHole found;
  std::optional<MtuHop> suspect;
  unsigned ahead = 0;
  for (std::uint8_t hop = 1; hop <= kMostHops && ahead <= kHopsAhead; ++hop) {
    const HopWord large = ask(PacketSize::large, hop);
    if (large.target) return {};
    if (large.sender) {
      found.last_through = MtuHop{hop, large.sender};
      suspect.reset();
      ahead = 0;
      continue;
    }
    // A hop that never answers says nothing of what it got.
    const HopWord small = ask(PacketSize::small, hop);
    if (!suspect && (small.sender || small.target)) suspect = MtuHop{hop, small.target ? target : small.sender};
    if (small.target) break;
    if (suspect) ++ahead;
  }
  if (!suspect) return {};
  found.first_beyond = suspect;
  return found;
}

}  // namespace tcp::trace
