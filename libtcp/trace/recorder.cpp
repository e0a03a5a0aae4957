// SPDX-License-Identifier: MIT
#include "libtcp/trace/recorder.hpp"

#include <algorithm>

namespace tcp::trace {
namespace {

constexpr std::size_t kMostEvents = 256;

bool same_segment(const Segment& a, const Segment& b) {
  const auto key = [](const Segment& s) {
    return std::tuple(s.header.sequence, s.header.acknowledgment, s.header.control_bits, s.identification);
  };
  return key(a) == key(b) && a.options == b.options;
}

}  // namespace

void Recorder::add(HandshakeEvent event) {
  if (handshake_.events.size() < kMostEvents) {
    handshake_.events.push_back(std::move(event));
  } else {
    ++handshake_.events_omitted;
  }
}

void Recorder::sent(Role role, const Segment& segment, WallTime now) {
  add({now, false, Party::client, role, segment});
}

void Recorder::seen_leaving(const Segment& segment, WallTime time) {
  const auto event = std::ranges::find_if(handshake_.events, [&](const HandshakeEvent& e) {
    return e.from == Party::client && !e.kernel_time && e.segment() != nullptr && same_segment(*e.segment(), segment);
  });
  if (event == handshake_.events.end()) return;
  event->time = time;
  event->kernel_time = true;
}

// Events of one time keep their order. Insertion does: they are few and nearly sorted.
void Recorder::finish() {
  auto& events = handshake_.events;
  for (auto event = events.begin(); event != events.end(); ++event) {
    const auto place = std::ranges::upper_bound(events.begin(), event, event->time, {}, &HandshakeEvent::time);
    std::rotate(place, event, event + 1);
  }
}

}  // namespace tcp::trace
