// SPDX-License-Identifier: MIT
#include "libtcp/trace/tracker.hpp"

#include <algorithm>

#include "libtcp/packet/sequence.hpp"
#include "libtcp/trace/handshake.hpp"

namespace tcp::trace {
namespace {

using packet::FlowSegment;
using packet::sequence_before;
using packet::sequence_before_or_at;
namespace control = packet::control;

constexpr std::int64_t kSecond = 1'000'000'000;
// A copy of a packet (seen on two interfaces, logged twice) comes at once; no sender repeats itself as fast. Where no
// identification tells packets apart it must come faster than any retransmission.
constexpr std::int64_t kMicrosecond = 1000;
constexpr std::int32_t kCopyWindow = 100'000;  // microseconds
constexpr std::int32_t kNamelessCopyWindow = 1'000;
// Longer than the longest gap between two SYNs of one attempt: 64 s of Linux's schedule.
constexpr std::int64_t kOpeningPatience = 75 * kSecond;
constexpr std::int64_t kUnreachablePatience = 3 * kSecond;  // a client that goes on in spite of ICMP does so by then
constexpr std::int64_t kClosedPatience = 2 * kSecond;       // for late copies and acknowledgments
constexpr std::int64_t kPartialPatience = 300 * kSecond;
constexpr std::int64_t kEstablishedPatience = 7200 * kSecond;  // keepalive's own
constexpr std::int64_t kExpiryInterval = kSecond / 4;
constexpr std::uint32_t kLongestSynPayload = 65536;
constexpr std::uint32_t kResetReach = 1U << 20;       // from where a side stands to where its reset may
constexpr std::uint32_t kPlausibleWindow = 1U << 30;  // RFC 7323's largest

std::int64_t to_number(WallTime time) { return time.time_since_epoch().count(); }

constexpr std::int64_t patience(ConnectionClass list) {
  switch (list) {
    case ConnectionClass::opening: return kOpeningPatience;
    case ConnectionClass::doomed: return kUnreachablePatience;
    case ConnectionClass::established: return kEstablishedPatience;
    case ConnectionClass::partial: return kPartialPatience;
    case ConnectionClass::closed: return kClosedPatience;
  }
  return 0;
}

std::uint32_t fingerprint(const FlowSegment& segment) {
  const std::uint64_t numbers = std::uint64_t{segment.sequence} << 32 | segment.acknowledgment;
  const std::uint64_t rest = std::uint64_t{segment.checksum} << 48 | std::uint64_t{segment.identification} << 32 |
                             std::uint32_t{segment.control_bits} << 16 | segment.window;
  return static_cast<std::uint32_t>((numbers * 0x9e3779b97f4a7c15 ^ rest) * 0xd6e8feb86659fd93 >> 32) | 1;  // 0: empty
}

// Who opens is known by the first SYN, or by the first SYN-ACK.
void name_client(Connection& connection, bool client_is_high) {
  if (connection.client_known) return;
  connection.client_known = true;
  connection.client_is_high = client_is_high;
}

// Of a side whose SYN is known: the SYN alone, or with it what it carried (RFC 7413).
bool acknowledges_syn(const Direction& direction, std::uint32_t acknowledgment) {
  return sequence_before(direction.initial, acknowledgment) && sequence_before_or_at(acknowledgment, direction.next);
}

bool is_syn_only(const FlowSegment& segment) {
  return (segment.control_bits & (control::syn | control::ack | control::rst)) == control::syn;
}
bool is_syn_ack(const FlowSegment& segment) {
  return (segment.control_bits & (control::syn | control::ack | control::rst)) == (control::syn | control::ack);
}

}  // namespace

HandshakeTracker::HandshakeTracker(const TrackerOptions& options, HandshakeObserver& observer)
    : options_(options), observer_(observer), table_(options.most_connections, options.seed) {}

TrackerCounts HandshakeTracker::counts() const noexcept {
  TrackerCounts counts = counts_;
  for (std::size_t bits = 0; bits < by_control_bits_.size(); ++bits) {
    const std::uint64_t many = by_control_bits_[bits];
    const auto has = [&](std::uint16_t wanted) { return (bits & wanted) == wanted; };
    counts.segments += many;
    if (has(control::syn) && !has(control::rst)) (has(control::ack) ? counts.syn_ack : counts.syn) += many;
    if (has(control::rst)) counts.rst += many;
    if (has(control::fin)) counts.fin += many;
  }
  return counts;
}

void HandshakeTracker::count_segment(const FlowSegment& segment) {
  ++by_control_bits_[segment.control_bits % by_control_bits_.size()];
  counts_.data += segment.payload_length != 0 ? 1 : 0;
}

void HandshakeTracker::on_segment(const FlowSegment& segment, WallTime time, const packet::WayIn* way) {
  bool from_high = false;
  const ConnectionKey key = make_key(segment.source, segment.source_port, segment.destination, segment.destination_port,
                                     way == nullptr ? 0 : way->flow_key(), from_high);
  follow({.segment = segment, .time = to_number(time), .from_high = from_high}, key, table_.hasher()(key), way);
}

// The memory that a segment needs is asked for while those before it are followed: the slot first, and what it leads to
// when that is there.
void HandshakeTracker::follow(const SegmentBatch& batch) {
  constexpr std::size_t kSlotAhead = 16;
  constexpr std::size_t kConnectionAhead = 8;
  const std::size_t size = batch.size();
  for (std::size_t i = 0; i < std::min(size, kSlotAhead); ++i) table_.prefetch_slot(batch[i].hash);
  for (std::size_t i = 0; i < std::min(size, kConnectionAhead); ++i) table_.prefetch_connection(batch[i].hash);
  for (std::size_t i = 0; i < size; ++i) {
    if (i + kSlotAhead < size) table_.prefetch_slot(batch[i + kSlotAhead].hash);
    if (i + kConnectionAhead < size) table_.prefetch_connection(batch[i + kConnectionAhead].hash);
    const WaitingSegment& waiting = batch[i];
    // One packet with a time far ahead must not end all that waits: two in a row have to say so.
    advance_to(std::min(waiting.time, previous_time_));
    previous_time_ = waiting.time;
    follow({.segment = waiting.segment, .time = waiting.time, .from_high = waiting.from_high}, waiting.key,
           waiting.hash, batch.way_of(waiting));
  }
}

void HandshakeTracker::follow(Sight sight, const ConnectionKey& key, std::uint32_t hash, const packet::WayIn* way) {
  const FlowSegment& segment = sight.segment;
  const std::int64_t time = sight.time;
  sight.index = find_or_add(segment, key, hash, time, way);
  if (sight.index == kNone) {  // too late, or too little to begin with
    const RecentlyClosed::Ended* ended = recently_closed_.find(hash, time);
    if (ended != nullptr && ended->last == fingerprint(segment)) {
      ++counts_.duplicates;
      return;
    }
    count_segment(segment);
    if (ended == nullptr) return;
    if (is_syn_only(segment)) ++counts_.syn_retransmissions;
    recently_closed_.touch(hash, time);
    return;
  }
  Connection& connection = table_.at(sight.index);
  if (is_copy(connection.directions[sight.from_high], segment, time)) {
    ++counts_.duplicates;
    return;
  }
  count_segment(segment);
  constexpr std::uint16_t kSpeaks = control::syn | control::fin | control::rst;
  if (connection.list == ConnectionClass::established && (segment.control_bits & kSpeaks) == 0) [[likely]] {
    connection.last_time = std::max(connection.last_time, time);
    Direction& own = connection.directions[sight.from_high];
    if (segment.has(control::ack)) own.acknowledgment = segment.acknowledgment;
    note_data(own, segment);
    return;
  }
  if (begins_anew(connection, sight)) restart(sight.index, time, way);
  connection.last_time = std::max(connection.last_time, time);
  if (segment.has(control::rst)) {
    on_rst(sight.index, sight);
    return;
  }
  if (segment.has(control::syn)) {
    segment.has(control::ack) ? on_syn_ack(connection, sight) : on_syn(connection, sight);
  } else {
    on_content(connection, sight);
  }
  settle(sight.index, sight);
}

void HandshakeTracker::remember_end(const Connection& connection, std::uint32_t last, std::int64_t time) {
  const Direction& client = connection.directions[connection.client_is_high];
  const bool known = connection.client_known && client.initial_known;
  recently_closed_.add(connection.hash, last, known ? std::optional(client.initial) : std::nullopt, time);
}

// What is over makes room at once, while its memory is still near; late copies find what is left of it.
void HandshakeTracker::leave(std::uint32_t index, const Sight& sight) {
  remember_end(table_.at(index), fingerprint(sight.segment), sight.time);
  expire(index, false);
}

// A lone reset says nothing about a handshake, unless it is the answer to a SYN that comes later in the file.
std::uint32_t HandshakeTracker::find_or_add(const FlowSegment& segment, const ConnectionKey& key, std::uint32_t hash,
                                            std::int64_t time, const packet::WayIn* way) {
  const std::uint32_t found = table_.find(key, hash);
  if (found != kNone) {
    const Connection& connection = table_.at(found);
    if (time - connection.last_time <= patience(connection.list)) return found;
    if (connection.list == ConnectionClass::closed) remember_end(connection, 0, time);
    expire(found, false);  // it has waited too long, whether or not anybody has looked
  }
  if (belongs_to_ended(segment, hash, time)) return kNone;
  const bool refusal = segment.has(control::rst | control::ack) && segment.sequence == 0;
  if (segment.has(control::rst) && !refusal) {
    ++counts_.stray_resets;
    return kNone;
  }
  while (table_.size() >= options_.most_connections) evict_one();
  const std::uint32_t index = table_.add(key, hash);
  Connection& connection = table_.at(index);
  connection.family = segment.family;
  restart(index, time, way);
  if (!segment.has(control::syn)) table_.move_to(index, ConnectionClass::partial);
  return index;
}

// A SYN or SYN-ACK of another handshake is the next connection of the same endpoints; all else is late.
bool HandshakeTracker::belongs_to_ended(const FlowSegment& segment, std::uint32_t hash, std::int64_t time) const {
  const RecentlyClosed::Ended* ended = recently_closed_.find(hash, time);
  if (ended == nullptr) return false;
  if (is_syn_only(segment)) return ended->initial_known && segment.sequence == ended->initial;
  if (!is_syn_ack(segment)) return true;
  return ended->last == fingerprint(segment) ||
         (ended->initial_known && segment.acknowledgment - (ended->initial + 1) < kLongestSynPayload);
}

// RFC 9293 needs no such test; captures on several interfaces and netfilter's log do. Equal acknowledgments without an
// identification are no copies but duplicate acknowledgments (RFC 5681).
bool HandshakeTracker::is_copy(Direction& direction, const FlowSegment& segment, std::int64_t time) {
  constexpr std::uint16_t kSpeaks = control::syn | control::fin | control::rst;
  const bool nameless = segment.identification == 0;
  if (nameless && segment.payload_length == 0 && (segment.control_bits & kSpeaks) == 0) return false;
  const std::uint32_t print = fingerprint(segment);
  const auto now = static_cast<std::uint32_t>(time / kMicrosecond);
  const std::int32_t window = nameless ? kNamelessCopyWindow : kCopyWindow;
  for (std::size_t i = 0; i < direction.recent.size(); ++i) {
    if (direction.recent[i] == print && std::abs(static_cast<std::int32_t>(now - direction.recent_time[i])) < window) {
      return true;
    }
  }
  direction.recent[direction.recent_position] = print;
  direction.recent_time[direction.recent_position] = now;
  direction.recent_position = static_cast<std::uint8_t>((direction.recent_position + 1U) % direction.recent.size());
  return false;
}

// A SYN with another sequence number, or one after the end, opens the next connection of the same endpoints.
bool HandshakeTracker::begins_anew(const Connection& connection, const Sight& sight) const {
  const FlowSegment& segment = sight.segment;
  if (!segment.has(control::syn) || segment.has(control::rst)) return false;
  const Direction& own = connection.directions[sight.from_high];
  const Direction& other = connection.directions[!sight.from_high];
  if (own.initial_known && own.initial == segment.sequence) return false;
  if (is_syn_ack(segment)) {
    const bool answers = !other.initial_known || acknowledges_syn(other, segment.acknowledgment);
    return answers && (own.initial_known || connection.list == ConnectionClass::closed) &&
           connection.list != ConnectionClass::opening;
  }
  if (own.initial_known || connection.list == ConnectionClass::closed) return true;
  // Late for a SYN-ACK or an acknowledgment that came first in the file: the beginning after all.
  if (other.syn_ack) return other.early_acknowledgment != segment.sequence + 1;
  if (other.syn) return connection.told;
  return own.next_known && own.next - (segment.sequence + 1) > kPlausibleWindow;
}

void HandshakeTracker::restart(std::uint32_t index, std::int64_t time, const packet::WayIn* way) {
  Connection& connection = table_.at(index);
  if (connection.begun) {
    if (!connection.told) tell(connection, outcome_so_far(connection), connection.last_time);
    if (connection.counted_established) ++counts_.not_closed;
    const ConnectionKey key = connection.key;
    const Family family = connection.family;
    const std::uint32_t hash = connection.hash;
    const auto directions = connection.directions;
    table_.remove(index);
    (void)table_.add(key, hash);  // the place that was just given back
    connection.family = family;
    for (std::size_t i = 0; i < 2; ++i) {
      connection.directions[i].recent = directions[i].recent;
      connection.directions[i].recent_time = directions[i].recent_time;
    }
  }
  connection.begun = true;
  connection.first_time = time;
  connection.last_time = time;
  if (way != nullptr && !way->plain()) table_.opening(connection).way = std::make_unique<packet::WayIn>(*way);
  ++counts_.connections;
  if (connection.family == Family::v6) ++counts_.connections_v6;
}

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
  const FlowSegment& segment = sight.segment;
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
void HandshakeTracker::remember_words(Opening& opening, const FlowSegment& segment, bool from_client) {
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

void HandshakeTracker::note_data(Direction& direction, const FlowSegment& segment) {
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

void HandshakeTracker::on_icmp(const packet::DecodedPacket& packet, WallTime wall_time, const packet::WayIn* way) {
  const packet::IcmpView* icmp = packet.icmp();
  if (icmp == nullptr || !icmp->header.is_error()) return;
  const auto quoted = packet::parse_quoted_tcp(icmp->quoted, icmp->header.family);
  if (!quoted) return;
  bool from_high = false;
  const ConnectionKey key = make_key(packet::to_number(quoted->source.address), quoted->source.port,
                                     packet::to_number(quoted->destination.address), quoted->destination.port,
                                     way == nullptr ? 0 : way->flow_key(), from_high);
  const std::uint32_t index = table_.find(key, table_.hasher()(key));
  if (index == kNone) return;
  Connection& connection = table_.at(index);
  const Direction& own = connection.directions[from_high];
  if (connection.told || !own.syn || own.initial != quoted->sequence) {
    ++counts_.icmp_errors;
    return;
  }
  Opening& opening = table_.opening(connection);
  const std::int64_t time = to_number(wall_time);
  const bool copy = opening.icmp_count != 0 && opening.icmp == icmp->header && opening.icmp_sender == packet.source &&
                    std::abs(time - opening.icmp_time) < kNamelessCopyWindow * kMicrosecond;
  if (copy) return;
  ++counts_.icmp_errors;
  ++opening.icmp_count;
  if (opening.icmp_count > 1 && ends_handshake(opening.icmp)) return;
  opening.icmp = icmp->header;
  opening.icmp_sender = packet.source;
  opening.icmp_time_to_live = packet.time_to_live();
  opening.icmp_time = time;
  // A client that has repeated its SYN may do so again, after a longer while.
  const bool repeats = opening.syn_count > 1;
  if (!ends_handshake(icmp->header) || connection.list != ConnectionClass::opening || repeats) return;
  connection.last_time = std::max(connection.last_time, opening.icmp_time);
  table_.move_to(index, ConnectionClass::doomed);
}

void HandshakeTracker::advance(WallTime now) { advance_to(to_number(now)); }

void HandshakeTracker::advance_to(std::int64_t now) {
  const bool went_back = now < next_expiry_ - 2 * kExpiryInterval;
  if (now < next_expiry_ && !went_back) return;
  next_expiry_ = now + kExpiryInterval;
  if (went_back) return;
  for (std::size_t i = 0; i < kConnectionClasses; ++i) {
    const auto list = static_cast<ConnectionClass>(i);
    // Lines are in the order in which their members joined; one that was heard of since then joins again.
    for (std::size_t left = table_.size(list); left > 0; --left) {
      const std::uint32_t index = table_.oldest(list);
      const Connection& connection = table_.at(index);
      if (connection.lined_up + patience(list) > now) break;
      if (connection.last_time + patience(list) > now) {
        table_.move_to(index, list);
        continue;
      }
      if (list == ConnectionClass::closed) remember_end(connection, 0, connection.last_time);
      expire(index, false);
    }
  }
}

ObservedOutcome HandshakeTracker::outcome_so_far(Connection& connection) {
  const Direction& client = connection.directions[connection.client_is_high];
  const Direction& server = connection.directions[!connection.client_is_high];
  if (!connection.client_known || !client.syn) return ObservedOutcome::partial;
  if (server.syn_ack || server.syn) return ObservedOutcome::half_open;
  if (server.next_known) return ObservedOutcome::partial;  // it went on, but its SYN-ACK was not seen
  const bool icmp = connection.opening != kNone && table_.opening(connection).icmp_count != 0 &&
                    ends_handshake(table_.opening(connection).icmp);
  return icmp ? ObservedOutcome::unreachable : ObservedOutcome::unanswered;
}

void HandshakeTracker::expire(std::uint32_t index, bool evicted) {
  Connection& connection = table_.at(index);
  if (!connection.told) tell(connection, outcome_so_far(connection), connection.last_time, evicted);
  if (connection.counted_established) ++counts_.not_closed;
  table_.remove(index);
}

// What is over first, then what had no beginning, then the half-open one that has waited longest.
void HandshakeTracker::evict_one() {
  using enum ConnectionClass;
  for (const ConnectionClass list : {closed, partial, doomed, opening, established}) {
    const std::uint32_t index = table_.oldest(list);
    if (index == kNone) continue;
    if (list == partial) ++counts_.evicted_partial;
    if (list == doomed || list == opening) ++counts_.evicted_opening;
    if (list == established) ++counts_.evicted_established;
    expire(index, list != closed);
    return;
  }
}

void HandshakeTracker::finish() {
  for (std::size_t i = 0; i < kConnectionClasses; ++i) {
    const auto list = static_cast<ConnectionClass>(i);
    while (table_.oldest(list) != kNone) expire(table_.oldest(list), false);
  }
}

}  // namespace tcp::trace
