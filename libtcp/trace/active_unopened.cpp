// SPDX-License-Identifier: MIT
// An ActiveHandshake that is not meant to open: a first segment that does not ask for it, and a SYN-ACK that is left
// without its acknowledgment.
#include "libtcp/trace/active.hpp"

namespace tcp::trace {
namespace {

namespace control = packet::control;

}  // namespace

// RFC 9293 §3.10.7.1: an RST takes its numbers from the segment that it answers.
Role ActiveHandshake::in_probe(const Segment& segment, MonotonicTime now) {
  if (!segment.header.has(control::rst)) return Role::unexpected;
  const bool acknowledged = (options_.shape.control_bits & control::ack) != 0;
  const bool ours = acknowledged ? segment.header.sequence == options_.probe_acknowledgment
                                 : segment.header.has(control::ack) && covers_first(segment.header.acknowledgment);
  if (!ours) return Role::wrong_ack;
  refuse(Outcome::reset, now);
  return Role::reset;
}

// What acknowledges the first segment: its SYN, and its FIN when it had one.
bool ActiveHandshake::covers_first(std::uint32_t acknowledgment) const noexcept {
  const std::uint16_t bits = options_.shape.control_bits;
  const std::uint32_t length = ((bits & control::syn) != 0 ? 1U : 0U) + ((bits & control::fin) != 0 ? 1U : 0U);
  return acknowledgment == options_.initial_sequence + length;
}

// Half-open on purpose: the repetitions of the SYN-ACK are what it is about.
Role ActiveHandshake::while_withholding(const Segment& segment, MonotonicTime now) {
  if (segment.header.has(control::rst)) {
    if (segment.header.sequence != peer_next_) return Role::out_of_window;
    hold(now);
    return Role::reset;
  }
  const bool same = segment.header.is_syn_ack() && segment.header.sequence == peer_initial_ &&
                    segment.header.acknowledgment == next_sequence_;
  return same ? Role::syn_ack_again : Role::unexpected;
}

void ActiveHandshake::withhold(MonotonicTime now) {
  outcome_ = Outcome::half_open;
  phase_ = Phase::withholding;
  state_ = TcpState::closed;
  round_trip_ = now - last_syn_;
}

void ActiveHandshake::reset_half_open() {
  Segment segment = make_segment(control::rst, next_sequence_);
  segment.header.window = 0;
  outgoing_.push_back({Role::reset, segment});
}

}  // namespace tcp::trace
