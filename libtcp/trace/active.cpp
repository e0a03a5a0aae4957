// SPDX-License-Identifier: MIT
#include "libtcp/trace/active.hpp"

#include <algorithm>

#include "libtcp/packet/sequence.hpp"

namespace tcp::trace {
namespace {

using namespace std::chrono_literals;
using packet::sequence_before;
using packet::sequence_before_or_at;
namespace control = packet::control;

constexpr Duration kShortestFinTimeout = 200ms;  // Linux's least RTO
constexpr Duration kLongestFinTimeout = 2s;
constexpr Duration kHoldAtLeast = 20ms;
constexpr Duration kHoldAtMost = 1s;
constexpr unsigned kLastDoubling = 7;    // 128 s: TCP_RTO_MAX is 120 s
constexpr unsigned kMostReplies = 2000;  // a peer that talks without end is reset, not obeyed
constexpr std::uint64_t kMostBytes = 1 << 20;

}  // namespace

Duration syn_timeout(unsigned number, unsigned linear_timeouts) noexcept {
  const unsigned doublings = number <= linear_timeouts + 1 ? 0 : number - linear_timeouts - 1;
  return std::min<Duration>(1s * (1U << std::min(doublings, kLastDoubling)), 120s);
}

ActiveHandshake::ActiveHandshake(const ActiveOptions& options, MonotonicTime now)
    : options_(options),
      next_sequence_(options.initial_sequence + 1),
      unacknowledged_(options.initial_sequence + 1),
      identification_(options.first_identification),
      started_(now),
      give_up_at_(now + options.timeout),
      replies_left_(kMostReplies) {
  send_syn(options.shape.opens() ? Role::syn : Role::probe, now);
}

Role ActiveHandshake::on_segment(const Segment& segment, MonotonicTime now) {
  switch (phase_) {
    case Phase::opening:
      if (!options_.shape.opens()) return in_probe(segment, now);
      return state_ == TcpState::syn_sent ? in_syn_sent(segment, now) : in_syn_received(segment, now);
    case Phase::withholding: return while_withholding(segment, now);
    case Phase::closing: return in_connection(segment, now);
    case Phase::holding: return while_holding(segment, now);
    case Phase::finished: break;
  }
  return Role::unexpected;
}

// RFC 9293 §3.10.7.3
Role ActiveHandshake::in_syn_sent(const Segment& segment, MonotonicTime now) {
  const bool acknowledges = segment.header.has(control::ack);
  const bool reset = segment.header.has(control::rst);
  const bool right =
      segment.header.acknowledgment == next_sequence_ || (reset && covers_first(segment.header.acknowledgment));
  if (acknowledges && !right) {
    if (!reset) reset_unknown(segment);
    return Role::wrong_ack;
  }
  if (reset) {
    if (!acknowledges) return Role::unexpected;  // a blind one: nothing shows that its sender saw our SYN
    refuse(Outcome::refused, now);
    return Role::reset;
  }
  if (!segment.header.has(control::syn)) return Role::unexpected;
  learn_peer(segment);
  if (acknowledges) {
    options_.half_open ? withhold(now) : establish(true, now);
    return Role::syn_ack;
  }
  simultaneous_open_ = true;
  state_ = TcpState::syn_received;
  send(Role::syn_ack, control::syn | control::ack, options_.initial_sequence, now);
  return Role::peer_syn;
}

// Only a simultaneous open comes through here.
Role ActiveHandshake::in_syn_received(const Segment& segment, MonotonicTime now) {
  const bool syn = segment.header.has(control::syn);
  const bool in_order = segment.header.sequence == (syn ? peer_initial_ : peer_next_);
  if (segment.header.has(control::rst)) {
    if (segment.header.sequence != peer_next_) return Role::out_of_window;
    refuse(Outcome::refused, now);
    return Role::reset;
  }
  if (!segment.header.has(control::ack)) {
    if (!syn || !in_order || replies_left_ == 0) return Role::unexpected;
    --replies_left_;
    send(Role::syn_ack_again, control::syn | control::ack, options_.initial_sequence, now);
    return Role::peer_syn;
  }
  if (segment.header.acknowledgment != next_sequence_) {
    reset_unknown(segment);
    return Role::wrong_ack;
  }
  if (!in_order) return Role::out_of_window;
  if (options_.half_open) {
    withhold(now);
    return syn ? Role::syn_ack : Role::ack;
  }
  establish(syn, now);
  return syn ? Role::syn_ack : take_content(segment, now);
}

// RFC 9293 §3.10.7.4, with RFC 5961's answers to blind attacks.
Role ActiveHandshake::in_connection(const Segment& segment, MonotonicTime now) {
  if (segment.header.has(control::syn)) return on_syn_in_connection(segment, now);
  if (segment.header.has(control::rst)) {
    if (segment.header.sequence != peer_next_) {
      if (in_window(segment)) acknowledge(now);
      return Role::out_of_window;
    }
    closing_ = Closing::reset_by_peer;
    state_ = TcpState::closed;
    hold(now);
    return Role::reset;
  }
  if (!segment.header.has(control::ack)) return Role::unexpected;
  const bool too_new = sequence_before(next_sequence_, segment.header.acknowledgment);
  const bool too_old = sequence_before(segment.header.acknowledgment, options_.initial_sequence + 1);
  if (too_new || too_old) {
    acknowledge(now);
    return Role::wrong_ack;
  }
  if (!in_window(segment)) {
    acknowledge(now);
    return sequence_before(segment.header.sequence, peer_next_) ? Role::old_duplicate : Role::out_of_window;
  }
  remember_timestamp(segment);
  note_acknowledgment(segment, now);
  return phase_ == Phase::closing ? take_content(segment, now) : Role::ack;
}

// The first answer to what we said, or their end, is followed by our end.
Role ActiveHandshake::take_content(const Segment& segment, MonotonicTime now) {
  const Role role = accept_content(segment, now);
  const bool answered = state_ == TcpState::established && role == Role::data;
  if (phase_ == Phase::closing && (answered || state_ == TcpState::close_wait)) finish_sending(now);
  return role;
}

Role ActiveHandshake::on_syn_in_connection(const Segment& segment, MonotonicTime now) {
  acknowledge(now);  // our acknowledgment may have been lost; a stranger's SYN gets a challenge (RFC 5961 §4)
  const bool same = segment.header.has(control::ack) && !segment.header.has(control::rst) &&
                    segment.header.sequence == peer_initial_ &&
                    segment.header.acknowledgment == options_.initial_sequence + 1;
  return same ? Role::syn_ack_again : Role::unexpected;
}

// Payload and FIN that are in order; what comes early is asked for again by a duplicate acknowledgment.
Role ActiveHandshake::accept_content(const Segment& segment, MonotonicTime now) {
  const std::uint32_t length = segment.sequence_length();
  if (length == 0) return Role::ack;
  const bool fin = segment.header.has(control::fin);
  const Role role = fin ? Role::fin : Role::data;
  const std::uint32_t seen_before = peer_next_ - segment.header.sequence;
  if (sequence_before_or_at(segment.header.sequence, peer_next_) && seen_before < length) {
    const std::uint32_t fresh = length - seen_before;
    peer_next_ += fresh;
    bytes_received_ += fresh - (fin ? 1 : 0);
    if (fin) note_peer_fin();
  }
  acknowledge(now);
  if (state_ == TcpState::time_wait) hold(now);
  if (phase_ != Phase::closing) return role;
  if (bytes_received_ > kMostBytes) {
    reset_connection(ClosingReason::too_much_data, now);
  } else if (replies_left_ == 0) {
    reset_connection(ClosingReason::too_many_replies, now);
  }
  return role;
}

Role ActiveHandshake::while_holding(const Segment& segment, MonotonicTime now) {
  if (segment.header.has(control::rst)) return Role::reset;
  if (outcome_ != Outcome::established) {
    if (!segment.header.has(control::ack)) return Role::unexpected;
    const bool accepts = segment.header.is_syn_ack() && segment.header.acknowledgment == options_.initial_sequence + 1;
    reset_unknown(segment);
    return accepts ? Role::late_syn_ack : Role::unexpected;
  }
  if (closing_ != Closing::orderly) return Role::unexpected;
  if (segment.sequence_length() != 0) acknowledge(now);  // our last acknowledgment was lost (TIME-WAIT)
  return segment.header.has(control::fin) ? Role::fin_again : Role::old_duplicate;
}

Role ActiveHandshake::on_icmp(const IcmpAnswer& answer, MonotonicTime now) {
  const bool about_ours = sequence_before_or_at(options_.initial_sequence, answer.quoted_sequence) &&
                          sequence_before_or_at(answer.quoted_sequence, next_sequence_);
  if (!about_ours) return Role::unexpected;
  if (phase_ != Phase::opening || !ends_handshake(answer.header)) return Role::icmp_notice;
  refuse(Outcome::unreachable, now);
  return Role::icmp_error;
}

void ActiveHandshake::learn_peer(const Segment& syn) {
  peer_initial_ = syn.header.sequence;
  peer_next_ = peer_initial_ + 1;
  const auto* time = syn.options.find<packet::Timestamps>();
  if (time != nullptr && options_.shape.timestamps) peer_timestamp_ = time->value;
  if (const auto* mss = syn.options.find<packet::MaximumSegmentSize>()) peer_mss_ = mss->bytes;
  window_scaling_ = options_.shape.window_scaling && syn.options.find<packet::WindowScale>() != nullptr;
}

// When nothing is to be said by us the FIN follows at once; what the server says first is still taken.
void ActiveHandshake::establish(bool acknowledge_now, MonotonicTime now) {
  outcome_ = Outcome::established;
  phase_ = Phase::closing;
  round_trip_ = now - last_syn_;
  fin_timeout_ = std::clamp<Duration>(3 * round_trip_, kShortestFinTimeout, kLongestFinTimeout);
  give_up_at_ = now + options_.close_timeout;
  replies_left_ = kMostReplies;
  if (acknowledge_now) acknowledge(now);
  state_ = TcpState::established;
  if (options_.payload.empty()) {
    finish_sending(now);
    return;
  }
  payload_sent_ = true;
  next_sequence_ = fin_sequence();
  send_payload(now);
}

// Our FIN: after the first answer to what we said, the peer's own FIN, or a silence that was long enough.
void ActiveHandshake::finish_sending(MonotonicTime now) {
  state_ = state_ == TcpState::close_wait ? TcpState::last_ack : TcpState::fin_wait_1;
  give_up_at_ = now + options_.close_timeout;
  next_sequence_ = fin_sequence();
  send_fin(Role::fin, now);
  ++next_sequence_;
}

// RFC 7323 §4.3: what came in order is what the next segment echoes.
void ActiveHandshake::remember_timestamp(const Segment& segment) {
  const auto* time = segment.options.find<packet::Timestamps>();
  if (time == nullptr || !peer_timestamp_) return;
  const bool in_order = sequence_before_or_at(segment.header.sequence, peer_next_);
  if (in_order && sequence_before(*peer_timestamp_, time->value)) peer_timestamp_ = time->value;
}

void ActiveHandshake::note_acknowledgment(const Segment& segment, MonotonicTime now) {
  if (sequence_before(unacknowledged_, segment.header.acknowledgment)) {
    unacknowledged_ = segment.header.acknowledgment;
  }
  if (unacknowledged_ != next_sequence_) return;
  if (state_ == TcpState::established) retransmit_at_ = MonotonicTime::max();
  if (state_ == TcpState::fin_wait_1) state_ = TcpState::fin_wait_2;
  if (state_ != TcpState::closing && state_ != TcpState::last_ack) return;
  state_ = TcpState::time_wait;
  closing_ = Closing::orderly;
  hold(now);
}

void ActiveHandshake::note_peer_fin() {
  if (state_ == TcpState::established) {
    state_ = TcpState::close_wait;
  } else if (state_ == TcpState::fin_wait_1) {
    state_ = TcpState::closing;
  } else if (state_ == TcpState::fin_wait_2) {
    state_ = TcpState::time_wait;
    closing_ = Closing::orderly;
  }
}

void ActiveHandshake::refuse(Outcome outcome, MonotonicTime now) {
  outcome_ = outcome;
  round_trip_ = now - last_syn_;
  state_ = TcpState::closed;
  hold(now);
}

void ActiveHandshake::hold(MonotonicTime now) {
  phase_ = Phase::holding;
  give_up_at_ = now + std::min<Duration>(round_trip_ + kHoldAtLeast, kHoldAtMost);
}

MonotonicTime ActiveHandshake::deadline() const noexcept {
  if (finished()) return MonotonicTime::max();
  const bool waits_only = phase_ == Phase::holding || phase_ == Phase::withholding || state_ == TcpState::fin_wait_2;
  return waits_only ? give_up_at_ : std::min(give_up_at_, retransmit_at_);
}

void ActiveHandshake::on_deadline(MonotonicTime now) {
  if (finished() || now < deadline()) return;
  if (phase_ == Phase::holding) {
    phase_ = Phase::finished;
  } else if (now >= give_up_at_ || (phase_ == Phase::opening && retransmissions_ >= options_.syn_retries)) {
    give_up(now);
  } else {
    retransmit(now);
  }
}

void ActiveHandshake::retransmit(MonotonicTime now) {
  if (phase_ == Phase::closing) {
    fin_timeout_ = std::min(2 * fin_timeout_, kLongestFinTimeout);
    if (sequence_before(unacknowledged_, fin_sequence())) send_payload(now);
    if (state_ != TcpState::established) send_fin(Role::fin_again, now);
    return;
  }
  ++retransmissions_;
  if (state_ == TcpState::syn_sent) {
    send_syn(options_.shape.opens() ? Role::syn_again : Role::probe_again, now);
  } else {
    send(Role::syn_ack_again, control::syn | control::ack, options_.initial_sequence, now);
    retransmit_at_ = now + syn_timeout(retransmissions_ + 1, options_.linear_timeouts);
  }
}

void ActiveHandshake::give_up(MonotonicTime now) {
  if (phase_ == Phase::withholding) {
    reset_half_open();
    hold(now);
    return;
  }
  if (phase_ == Phase::closing) {
    state_ == TcpState::established ? finish_sending(now) : reset_connection(ClosingReason::timeout, now);
    return;
  }
  outcome_ = state_ == TcpState::syn_sent ? Outcome::filtered : Outcome::incomplete;
  if (!options_.shape.opens()) outcome_ = Outcome::unanswered;
  if (outcome_ == Outcome::incomplete) send(Role::reset, control::rst | control::ack, next_sequence_, now);
  state_ = TcpState::closed;
  hold(now);
}

void ActiveHandshake::abort(Outcome reason, MonotonicTime now) {
  if (phase_ == Phase::closing) {
    reset_connection(reason == Outcome::interrupted ? ClosingReason::interrupted : ClosingReason::send_failed, now);
  }
  if (phase_ == Phase::withholding) reset_half_open();
  if (phase_ == Phase::opening) {
    outcome_ = reason;
    if (state_ == TcpState::syn_received) send(Role::reset, control::rst | control::ack, next_sequence_, now);
  }
  phase_ = Phase::finished;
}

}  // namespace tcp::trace
