// SPDX-License-Identifier: MIT
#include "libtcp/scan/neighbours.hpp"

#include <algorithm>

#include "libtcp/net/neighbour.hpp"

namespace tcp::scan {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostNeighbours = 65536;  // read from the kernel
constexpr unsigned kMostQueued = 64;            // packets for an address that is being asked for
constexpr Duration kAnswerTime = 20ms;          // over a link
constexpr Duration kFailureLasts = 5s;          // then it is asked again
constexpr Duration kFirstPause = 500us;
constexpr Duration kLongestPause = 100ms;
constexpr Duration kIdlePause = 1s;

}  // namespace

NextHop& Neighbours::find(std::uint32_t interface_index, const IpAddress& address) {
  return hops_[{interface_index, address.without_scope()}];
}

bool Neighbours::must_wait(const NextHop& hop, MonotonicTime now, bool shared) noexcept {
  if (hop.mac_address || hop.packets < kMostQueued) return false;
  return shared ? hop.packets / kMostQueued > (now - hop.asked) / kAnswerTime : now - hop.asked < kAnswerTime;
}

void Neighbours::passed_kernel(NextHop& hop, MonotonicTime now) noexcept {
  hop.to_confirm = false;
  if (hop.mac_address) return;
  if (hop.packets++ == 0) hop.asked = now;
  if (!asking_) next_refresh_ = std::min(next_refresh_, now + std::max(pause_, kFirstPause));
  asking_ = true;
}

// What the kernel's table does not hold any more is unknown again, and so is a failure of some time ago.
void Neighbours::forget_states(MonotonicTime now) {
  for (auto& [key, hop] : hops_) {
    hop.mac_address.reset();
    if (hop.failed && now - hop.asked > kFailureLasts) hop = {};
  }
}

Result<void> Neighbours::refresh(MonotonicTime now) {
  if (now < next_refresh_) return {};
  TCP_TRY_ASSIGN(known, net::list_neighbours(kMostNeighbours));
  forget_states(now);
  for (const net::Neighbour& neighbour : known) {
    const auto found = hops_.find({neighbour.interface_index, neighbour.address.without_scope()});
    if (found == hops_.end()) continue;
    NextHop& hop = found->second;
    // A failure of before we asked is no answer.
    if (neighbour.failed && hop.packets > 0) hop.failed = true;
    if (!neighbour.mac_address) continue;
    hop = {.mac_address = neighbour.mac_address,
           .to_confirm = neighbour.stale,
           .failed = false,
           .packets = 0,
           .asked = {}};
  }
  pause_ = asking_ ? std::clamp(pause_ * 2, kFirstPause, kLongestPause) : Duration(0);
  next_refresh_ = now + kIdlePause;
  asking_ = false;
  return {};
}

}  // namespace tcp::scan
