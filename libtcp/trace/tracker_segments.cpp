// SPDX-License-Identifier: MIT
// What each kind of segment means to the connection that it belongs to.
#include <algorithm>

#include "libtcp/trace/tracker.hpp"
#include "libtcp/trace/tracker_rules.hpp"

namespace tcp::trace {

using packet::SegmentContent;
using packet::sequence_before;
using packet::sequence_before_or_at;
namespace control = packet::control;

void HandshakeTracker::on_syn(Connection& connection, const Sight& sight) {
  Direction& own = connection.directions[sight.from_high];
  Direction& other = connection.directions[!sight.from_high];
  const std::uint32_t sequence = sight.segment.sequence;
  name_client(connection, sight.from_high);
  const bool from_client = connection.client_is_high == sight.from_high;
  if (own.syn) {
    ++counts_.syn_retransmissions;
  } else {
    own.syn = true;
    own.initial = sequence;
    own.initial_known = true;
    own.next = sequence + 1 + sight.segment.payload_length;
    own.next_known = true;
    if (other.syn) ++counts_.simultaneous_opens;
    if (from_client) {
      const bool ecn = sight.segment.has(control::ece | control::cwr);
      if (ecn && sight.segment.has(control::ae)) {
        ++counts_.accurate_ecn_syn;
      } else if (ecn) {
        ++counts_.ecn_syn;
      }
    }
    note_early(connection, !sight.from_high);
  }
  remember_syn(connection, sight);
  // One that goes on in spite of an ICMP error waits as any other does.
  const bool waits = connection.list == ConnectionClass::partial || connection.list == ConnectionClass::doomed;
  if (waits && !connection.told) table_.move_to(sight.index, ConnectionClass::opening);
}

void HandshakeTracker::on_syn_ack(Connection& connection, const Sight& sight) {
  Direction& own = connection.directions[sight.from_high];
  Direction& other = connection.directions[!sight.from_high];
  const SegmentContent& segment = sight.segment;
  if (other.initial_known && !acknowledges_syn(other, segment.acknowledgment)) {
    ++counts_.wrong_acknowledgments;
    return;
  }
  if (own.initial_known && own.initial != segment.sequence) {
    ++counts_.wrong_acknowledgments;
    return;
  }
  name_client(connection, !sight.from_high);
  if (own.syn_ack) ++counts_.syn_ack_retransmissions;
  own.syn_ack = true;
  own.initial = segment.sequence;
  own.initial_known = true;
  if (!own.next_known) own.next = segment.sequence + 1 + segment.payload_length;
  own.next_known = true;
  remember_syn_ack(connection, sight);
  note_acknowledgment(connection, sight);
  note_early(connection, !sight.from_high);
  if (connection.list == ConnectionClass::partial) table_.move_to(sight.index, ConnectionClass::opening);
}

// The first copy of what each side says counts; a SYN-ACK is more than the SYN of a simultaneous open.
void HandshakeTracker::remember_words(Opening& opening, const SegmentContent& segment, bool from_client) {
  OpeningSegment& side = opening.sides[from_client ? 0 : 1];
  const bool says_more = !from_client && segment.has(control::ack) && (side.control_bits & control::ack) == 0;
  if (side.seen && !says_more) return;
  side.seen = true;
  side.control_bits = segment.control_bits;
  side.window = segment.window;
  side.time_to_live = segment.time_to_live;
  side.options_length = static_cast<std::uint8_t>(std::min(segment.options.size(), side.options.size()));
  std::copy_n(segment.options.begin(), side.options_length, side.options.begin());
}

void HandshakeTracker::remember_syn(Connection& connection, const Sight& sight) {
  if (connection.told) return;
  Opening& opening = table_.opening(connection);
  const bool from_client = connection.client_is_high == sight.from_high;
  remember_words(opening, sight.segment, from_client);
  if (!from_client) return;
  const std::size_t place = std::min<std::size_t>(opening.syn_count, kSynTimes - 1);
  opening.syns[place].time = sight.time;
  if (opening.syn_count != 0) {  // the first one's stands among its options
    const auto timestamps = find_timestamps(sight.segment.options);
    opening.syns[place].timestamp = timestamps ? timestamps->value : 0;
  }
  if (opening.syn_count == 1) ++counts_.connections_with_syn_retransmissions;
  if (opening.syn_count < UINT16_MAX) ++opening.syn_count;
}

void HandshakeTracker::remember_syn_ack(Connection& connection, const Sight& sight) {
  if (connection.told) return;
  Opening& opening = table_.opening(connection);
  const bool from_client = connection.client_is_high == sight.from_high;  // in a simultaneous open
  if (from_client) return;
  remember_words(opening, sight.segment, false);
  if (opening.syn_ack_count == 0) {
    opening.answered_at = sight.time;
    opening.syn_ack_first = sight.time;
  } else if (opening.syn_ack_count == 1) {
    ++counts_.connections_with_syn_ack_retransmissions;
  }
  opening.syn_ack_last = sight.time;
  if (opening.syn_ack_count < UINT16_MAX) ++opening.syn_ack_count;
}

// The other side's SYN is acknowledged by anything that acknowledges what follows it.
void HandshakeTracker::note_acknowledgment(Connection& connection, const Sight& sight) {
  if (!sight.segment.has(control::ack)) return;
  Direction& own = connection.directions[sight.from_high];
  Direction& other = connection.directions[!sight.from_high];
  if (other.acknowledged) return;
  const std::uint32_t acknowledgment = sight.segment.acknowledgment;
  if (!other.initial_known) {
    own.has_early_acknowledgment = true;
    own.early_acknowledgment = acknowledgment;
    connection.early_acknowledgment_time = sight.time;
    return;
  }
  if (acknowledgment - (other.initial + 1) >= kPlausibleWindow) return;
  other.acknowledged = true;
  // Only the third segment itself tells a time: one behind it need not have been sent at once.
  const bool third = sight.segment.sequence == own.next && acknowledgment == other.initial + 1;
  if (third && connection.opening != kNone && connection.client_is_high == sight.from_high) {
    table_.opening(connection).acknowledged_at = sight.time;
  }
}

// `from_high` acknowledged the SYN that has just been seen before it was.
void HandshakeTracker::note_early(Connection& connection, bool from_high) {
  Direction& early = connection.directions[from_high];
  Direction& other = connection.directions[!from_high];
  if (!early.has_early_acknowledgment || other.acknowledged) return;
  const bool exact = early.early_acknowledgment == other.initial + 1 || early.early_acknowledgment == other.next;
  const bool plausible = early.early_acknowledgment - (other.initial + 1) < kPlausibleWindow;
  if (connection.reset ? !exact : !plausible) return;  // a reset that came before must be about this very SYN
  other.acknowledged = true;
  if (connection.client_known && connection.client_is_high == from_high) {
    table_.opening(connection).acknowledged_at = connection.early_acknowledgment_time;
  }
}

void HandshakeTracker::reset_established(Connection& connection, const Sight& sight) {
  const bool from_client = connection.client_is_high == sight.from_high;
  ++(from_client ? counts_.reset_by_client : counts_.reset_by_server);
  connection.counted_established = false;
}

// A receiver takes a reset only where it expects the next byte (RFC 5961 §3); a blind one, or the answer to a stale
// acknowledgment (RFC 9293 §3.5.1), is something else. What was seen of a side may lag behind what it sent.
bool HandshakeTracker::may_reset(const Connection& connection, const Sight& sight) const {
  const Direction& own = connection.directions[sight.from_high];
  const Direction& other = connection.directions[!sight.from_high];
  const std::uint32_t sequence = sight.segment.sequence;
  const bool from_client = connection.client_is_high == sight.from_high;
  if (!from_client && !own.initial_known) return true;  // a refusal: what it acknowledges counts
  if (!own.next_known) return true;
  const auto near = [&](std::uint32_t place) { return sequence - (place - kResetReach) < 2 * kResetReach; };
  if (!connection.told) return sequence == own.initial || sequence == own.initial + 1 || sequence == own.next;
  return near(own.next) || (other.acknowledgment != 0 && near(other.acknowledgment));
}

// A reset that acknowledges the SYN, or all that was sent with it.
bool HandshakeTracker::refuses(const Connection& connection, const Sight& sight) const {
  const Direction& client = connection.directions[connection.client_is_high];
  return sight.segment.has(control::ack) && client.initial_known &&
         acknowledges_syn(client, sight.segment.acknowledgment);
}

// RFC 9293 §3.10.7: before the handshake is done a reset says how it ended, afterwards how the connection did.
void HandshakeTracker::on_rst(std::uint32_t index, const Sight& sight) {
  Connection& connection = table_.at(index);
  if (!connection.client_known) {  // the end of what had no beginning, or a refusal that stands before its SYN
    note_acknowledgment(connection, sight);
    connection.reset = true;
    if (connection.directions[0].next_known || connection.directions[1].next_known) leave(index, sight);
    return;
  }
  const bool from_client = connection.client_is_high == sight.from_high;
  const bool answered = connection.directions[!connection.client_is_high].syn_ack;
  if (!may_reset(connection, sight)) return;
  if (connection.counted_established) reset_established(connection, sight);
  if (!connection.told) {
    if (!from_client && !answered && !refuses(connection, sight)) return;  // blind: its sender need not have seen a SYN
    ObservedOutcome outcome = ObservedOutcome::partial;
    if (!connection.directions[connection.client_is_high].syn) {
      outcome = ObservedOutcome::partial;
    } else if (from_client) {
      outcome = answered ? ObservedOutcome::rejected : ObservedOutcome::abandoned;
    } else if (answered) {
      outcome = ObservedOutcome::half_open;
    } else {
      outcome = ObservedOutcome::refused;
      Opening& opening = table_.opening(connection);
      opening.answered_at = sight.time;
      remember_words(opening, sight.segment, false);
    }
    tell(connection, outcome, sight.time);
  }
  leave(index, sight);
}

void HandshakeTracker::note_data(Direction& direction, const SegmentContent& segment) {
  const std::uint32_t end = segment.sequence + segment.payload_length;
  if (segment.payload_length != 0 && direction.next_known && sequence_before(segment.sequence, direction.next) &&
      sequence_before_or_at(end, direction.next)) {
    const bool keepalive = segment.payload_length == 1 && end == direction.next;
    if (!keepalive) ++counts_.data_retransmissions;
  }
  if (!direction.next_known || sequence_before(direction.next, end)) direction.next = end;
  direction.next_known = true;
}

void HandshakeTracker::on_content(Connection& connection, const Sight& sight) {
  Direction& own = connection.directions[sight.from_high];
  note_acknowledgment(connection, sight);
  if (sight.segment.has(control::ack)) own.acknowledgment = sight.segment.acknowledgment;
  note_data(own, sight.segment);
  if (sight.segment.has(control::fin)) own.fin = true;
}

// Moves the connection on when what it waited for is there.
void HandshakeTracker::settle(std::uint32_t index, const Sight& sight) {
  Connection& connection = table_.at(index);
  const Direction& client = connection.directions[connection.client_is_high];
  const Direction& server = connection.directions[!connection.client_is_high];
  if (!connection.told && connection.client_known && client.syn) {
    if (client.acknowledged && server.acknowledged && server.syn_ack) {
      connection.counted_established = true;
      tell(connection, ObservedOutcome::established, sight.time);
      table_.move_to(index, ConnectionClass::established);
    } else if (connection.reset && client.acknowledged && !server.syn_ack) {
      tell(connection, ObservedOutcome::refused, sight.time);  // the refusal came first in the file
      leave(index, sight);
      return;
    }
  }
  if (!client.fin || !server.fin) return;
  if (connection.list == ConnectionClass::closed) {  // the last acknowledgment, or something late
    if (!sight.segment.has(control::fin) && connection.told) leave(index, sight);
    return;
  }
  if (connection.counted_established) ++counts_.closed;
  connection.counted_established = false;
  table_.move_to(index, ConnectionClass::closed);
}

}  // namespace tcp::trace
