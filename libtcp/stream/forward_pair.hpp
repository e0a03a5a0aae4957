// SPDX-License-Identifier: MIT
// A client and the target that it is joined with. There may be very many: what most of them do not need most of the
// time is allocated by those that do.
#pragma once

#include <array>
#include <memory>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/age_queue.hpp"
#include "libtcp/stream/mover.hpp"
#include "libtcp/stream/pair_dial.hpp"
#include "libtcp/stream/pair_greeting.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/wake_queue.hpp"

namespace tcp::stream {

enum class Side : std::uint8_t { client, target };

[[nodiscard]] constexpr Side opposite(Side side) noexcept { return side == Side::client ? Side::target : Side::client; }

// What the bytes that come from one side wait for.
enum class WayState : std::uint8_t {
  unopened,  // the target has not been reached yet
  reads,     // more of them
  writes,    // that the opposite side takes more
  over,      // nothing: there are no more, or they have nowhere to go
};

struct PairEnd {
  UniqueFd socket;
  std::unique_ptr<Mover> mover;       // of what comes from here
  WayState way = WayState::unopened;  // likewise
  bool is_watched = false;
  std::uint32_t events = 0;  // that it is watched for
};

struct ForwardPair {
  std::array<PairEnd, 2> ends;
  std::uint64_t id = 0;
  AddressPair addresses;  // of the client
  Address target;
  MonotonicTime started;
  Traffic traffic;
  std::size_t index = 0;         // in the forwarder's list
  std::size_t target_index = 0;  // among the targets
  bool is_counted = false;       // as one of that target's conversations

  std::unique_ptr<PairGreeting> greeting;  // of a proxy's client, present until its tunnel stands
  std::unique_ptr<PairDial> dial;          // present until the target is reached
  std::optional<Duration> last_pause;      // while it waits for acknowledgements
  int unacknowledged = 0;                  // likewise, at the last look
  MonotonicTime acknowledged_at;           // likewise, when that was less than before

  bool has_failed = false;  // one side is gone; what it had said before may still be on its way
  bool is_over = false;     // nothing more is to be moved
  bool is_doomed = false;   // will be closed at the end of this turn
  CloseReason reason = CloseReason::finished;
  std::optional<Error> error;

  AgeQueue<ForwardPair>::Place idle;
  WakeQueue<ForwardPair>::Place wake;

  [[nodiscard]] PairEnd& end(Side side) noexcept { return ends[static_cast<std::size_t>(side)]; }
  [[nodiscard]] const PairEnd& end(Side side) const noexcept { return ends[static_cast<std::size_t>(side)]; }
  [[nodiscard]] const Address& remote(Side side) const noexcept {
    return side == Side::client ? addresses.remote : target;
  }
  // Both ways are.
  [[nodiscard]] bool has_moved_all() const noexcept {
    return ends[0].way == WayState::over && ends[1].way == WayState::over;
  }
};

}  // namespace tcp::stream
