// SPDX-License-Identifier: MIT
// How the segments of an ActiveHandshake are made: as Linux makes them.
#include <algorithm>

#include "libtcp/packet/sequence.hpp"
#include "libtcp/trace/active.hpp"

namespace tcp::trace {
namespace {

namespace control = packet::control;

constexpr std::uint32_t kReceiveWindow = 65535;  // what we accept ahead of RCV.NXT
constexpr std::size_t kDefaultMss4 = 536;        // of a peer that does not say (RFC 9293 §3.7.1)
constexpr std::size_t kDefaultMss6 = 1220;
constexpr std::size_t kTimestampBytes = 12;
constexpr std::size_t kLeastPiece = 64;

}  // namespace

std::uint16_t ActiveHandshake::offered_mss() const noexcept { return options_.shape.mss.value_or(options_.route_mss); }

std::uint16_t ActiveHandshake::syn_window() const noexcept {
  return options_.shape.window.value_or(linux_syn_window(offered_mss()));
}

// Zero is left out, as Linux does.
std::uint16_t ActiveHandshake::next_identification() noexcept {
  const std::uint16_t now = identification_;
  if (++identification_ == 0) identification_ = 1;
  return now;
}

// Milliseconds, as Linux counts since 4.13; wraps around (RFC 7323 §5.4).
std::uint32_t ActiveHandshake::timestamp(MonotonicTime now) const noexcept {
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_).count();
  return options_.timestamp_base + static_cast<std::uint32_t>(elapsed);
}

Segment ActiveHandshake::make_segment(std::uint16_t control_bits, std::uint32_t sequence) {
  Segment segment;
  segment.header.source_port = options_.tuple.local.port;
  segment.header.destination_port = options_.tuple.remote.port;
  segment.header.control_bits = control_bits;
  segment.header.sequence = sequence;
  if ((control_bits & control::ack) != 0) segment.header.acknowledgment = peer_next_;
  segment.time_to_live = options_.shape.time_to_live;
  segment.dscp = options_.shape.dscp;
  if (options_.tuple.remote.address.is_v6()) {
    segment.flow_label = options_.flow_label;
  } else {
    segment.identification = next_identification();
  }
  return segment;
}

void ActiveHandshake::send_syn(Role role, MonotonicTime now) {
  ++syn_count_;
  last_syn_ = now;
  retransmit_at_ = now + syn_timeout(retransmissions_ + 1, options_.linear_timeouts);
  SynFields fields;
  fields.tuple = options_.tuple;
  fields.route_mss = options_.route_mss;
  fields.sequence = options_.initial_sequence;
  fields.acknowledgment = options_.probe_acknowledgment;
  fields.timestamp = timestamp(now);
  fields.identification = next_identification();
  fields.flow_label = options_.flow_label;
  outgoing_.push_back({role, make_syn(for_repetition(options_.shape, retransmissions_), fields)});
}

void ActiveHandshake::send(Role role, std::uint16_t control_bits, std::uint32_t sequence, MonotonicTime now) {
  Segment segment = make_segment(control_bits, sequence);
  const bool syn = (control_bits & control::syn) != 0;
  const unsigned shift = window_scaling_ && !syn ? options_.shape.shift() : 0;
  segment.header.window = static_cast<std::uint16_t>((syn_window() + (1U << shift) - 1) >> shift);
  const packet::Timestamps timestamps{timestamp(now), peer_timestamp_.value_or(0)};
  if (syn) {
    (void)segment.options.push_back(packet::MaximumSegmentSize{offered_mss()});
    if (options_.shape.selective_ack) (void)segment.options.push_back(packet::SackPermitted{});
    if (peer_timestamp_) (void)segment.options.push_back(timestamps);
    if (window_scaling_) {
      (void)segment.options.push_back(packet::NoOperation{});
      (void)segment.options.push_back(packet::WindowScale{options_.shape.shift()});
    }
  } else if (peer_timestamp_) {
    segment.options = {packet::NoOperation{}, packet::NoOperation{}, timestamps};
  }
  outgoing_.push_back({role, segment});
}

std::uint32_t ActiveHandshake::fin_sequence() const noexcept {
  return options_.initial_sequence + 1 + static_cast<std::uint32_t>(options_.payload.size());
}

void ActiveHandshake::send_fin(Role role, MonotonicTime now) {
  retransmit_at_ = now + fin_timeout_;
  send(role, control::fin | control::ack, fin_sequence(), now);
}

// What fits a segment, which counts options (RFC 9293 §3.7.1); a peer that asks for less than kLeastPiece gets that.
std::size_t ActiveHandshake::piece_bytes() const noexcept {
  const std::size_t otherwise = options_.tuple.remote.address.is_v4() ? kDefaultMss4 : kDefaultMss6;
  const std::size_t mss = std::min<std::size_t>(peer_mss_ != 0 ? peer_mss_ : otherwise, options_.route_mss);
  const std::size_t options = peer_timestamp_ ? kTimestampBytes : 0;
  return std::max(mss, kLeastPiece + options) - options;
}

// Everything that is not acknowledged yet.
void ActiveHandshake::send_payload(MonotonicTime now) {
  retransmit_at_ = now + fin_timeout_;
  const std::size_t piece = piece_bytes();
  const std::uint32_t first = options_.initial_sequence + 1;
  for (std::size_t begin = unacknowledged_ - first; begin < options_.payload.size(); begin += piece) {
    const std::size_t end = std::min(begin + piece, options_.payload.size());
    send(Role::data, control::psh | control::ack, first + static_cast<std::uint32_t>(begin), now);
    Segment& segment = outgoing_.back().segment;
    const auto* const bytes = options_.payload.data();
    segment.payload.assign(bytes + begin, bytes + end);
    segment.payload_length = static_cast<std::uint32_t>(end - begin);
  }
}

void ActiveHandshake::acknowledge(MonotonicTime now) {
  if (replies_left_ == 0) return;
  --replies_left_;
  send(Role::ack, control::ack, next_sequence_, now);
}

void ActiveHandshake::reset_connection(ClosingReason reason, MonotonicTime now) {
  send(Role::reset, control::rst | control::ack, next_sequence_, now);
  closing_ = Closing::reset_by_us;
  closing_reason_ = reason;
  state_ = TcpState::closed;
  hold(now);
}

// RFC 9293 §3.5.2: the answer to a segment of a connection that we do not have.
void ActiveHandshake::reset_unknown(const Segment& received) {
  constexpr unsigned kUnitsAReset = 500;  // of replies: a handful of them is polite, more is a reflector
  if (replies_left_ < kUnitsAReset) return;
  replies_left_ -= kUnitsAReset;
  Segment segment = make_segment(control::rst, received.header.acknowledgment);
  segment.header.window = 0;
  outgoing_.push_back({Role::reset, segment});
}

bool ActiveHandshake::in_window(const Segment& segment) const noexcept {
  const std::uint32_t length = segment.sequence_length();
  const std::uint32_t ahead = segment.header.sequence - peer_next_;
  if (ahead <= kReceiveWindow) return true;
  return length != 0 && ahead + length - 1 <= kReceiveWindow;  // begins before RCV.NXT, ends at or behind it
}

}  // namespace tcp::trace
