// SPDX-License-Identifier: MIT
// Collects the events of one handshake, bounded, and gives what we sent the time at which the kernel saw it leave.
#pragma once

#include <cstddef>

#include "libtcp/trace/handshake.hpp"

namespace tcp::trace {

class Recorder {
 public:
  explicit Recorder(Handshake& handshake) : handshake_(handshake) {}

  // `now` stands until the kernel's time is known.
  void sent(Role role, const Segment& segment, WallTime now);
  // A segment of ours as it left.
  void seen_leaving(const Segment& segment, WallTime time);
  void add(HandshakeEvent event);
  // Once, last: orders the events by time.
  void finish();

 private:
  Handshake& handshake_;
};

}  // namespace tcp::trace
