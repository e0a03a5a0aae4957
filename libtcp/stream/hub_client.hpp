// SPDX-License-Identifier: MIT
// A client of the hub. There may be very many: what most of them do not need is allocated by those that do.
#pragma once

#include <memory>

#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/age_queue.hpp"
#include "libtcp/stream/output_queue.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/transport.hpp"

namespace tcp::stream {

// What a behaviour remembers of a client.
class HubMemory {
 public:
  virtual ~HubMemory() = default;
};

struct HubClient {
  UniqueFd socket;
  std::unique_ptr<Transport> transport;
  std::uint64_t id = 0;
  AddressPair addresses;
  MonotonicTime started;
  Traffic traffic;
  std::unique_ptr<OutputQueue> queue;  // present while something waits
  std::unique_ptr<HubMemory> memory;

  std::size_t index = 0;     // in the hub's list
  std::uint32_t events = 0;  // that it is registered for
  Want receive_want = Want::readable;
  Want send_want = Want::writable;

  bool input_ended = false;    // the peer's FIN
  bool wants_output = false;   // the behaviour sends as fast as the client reads
  bool finishing = false;      // FIN once the queue is empty; what still arrives is thrown away
  bool finished = false;       // FIN has been sent
  bool is_full = false;        // the others wait for its queue
  bool is_laggard = false;     // nobody waits for it any more
  bool was_warned_of = false;  // one warning each
  bool is_doomed = false;      // will be closed at the end of this turn
  bool aborts = false;         // by a reset
  CloseReason reason = CloseReason::finished;
  std::error_code error;

  using Place = AgeQueue<HubClient>::Place;
  Place idle;
  Place stuck;
  Place full;
  Place lingering;
  Place held_back;
  Place buffered;

  [[nodiscard]] bool has_queue() const noexcept { return queue != nullptr; }
};

}  // namespace tcp::stream
