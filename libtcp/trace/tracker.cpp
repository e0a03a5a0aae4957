// SPDX-License-Identifier: MIT
#include "libtcp/trace/tracker.hpp"

#include <algorithm>

#include "libtcp/trace/tracker_rules.hpp"

namespace tcp::trace {

using packet::SegmentContent;
using packet::sequence_before;
using packet::sequence_before_or_at;
namespace control = packet::control;

HandshakeTracker::HandshakeTracker(const TrackerOptions& options, HandshakeObserver& observer)
    : options_(options),
      observer_(observer),
      table_(options.most_connections, options.seed),
      recently_closed_(options.most_connections) {}

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

void HandshakeTracker::count_segment(const SegmentContent& segment) {
  ++by_control_bits_[segment.control_bits % by_control_bits_.size()];
  counts_.data += segment.payload_length != 0 ? 1 : 0;
}

void HandshakeTracker::on_segment(const packet::FlowSegment& segment, WallTime time, const packet::WayIn* way) {
  bool from_high = false;
  const ConnectionKey key = make_key(segment.source, segment.source_port, segment.destination, segment.destination_port,
                                     way == nullptr ? 0 : way->flow_key(), from_high);
  follow({.segment = segment, .time = to_number(time), .from_high = from_high}, key, table_.hasher()(key), way);
}

// The memory that a segment needs is asked for while those before it are followed: the slot first, and what it leads to
// when that is there.
void HandshakeTracker::follow(const SegmentBatch& batch) {
  constexpr std::size_t kSegmentAhead = 40;  // from another core
  constexpr std::size_t kSlotAhead = 24;
  constexpr std::size_t kConnectionAhead = 12;
  const std::size_t size = batch.size();
  for (std::size_t i = 0; i < std::min(size, kSegmentAhead); ++i) batch.prefetch(i);
  for (std::size_t i = 0; i < std::min(size, kSlotAhead); ++i) table_.prefetch_slot(batch[i].hash);
  for (std::size_t i = 0; i < std::min(size, kConnectionAhead); ++i) prefetch_known(batch[i].hash);
  for (std::size_t i = 0; i < size; ++i) {
    if (i + kSegmentAhead < size) batch.prefetch(i + kSegmentAhead);
    if (i + kSlotAhead < size) table_.prefetch_slot(batch[i + kSlotAhead].hash);
    if (i + kConnectionAhead < size) prefetch_known(batch[i + kConnectionAhead].hash);
    const WaitingSegment& waiting = batch[i];
    // One packet with a time far ahead must not end all that waits: two in a row have to say so.
    advance_to(std::min(waiting.time, previous_time_));
    previous_time_ = waiting.time;
    follow({.segment = waiting.content, .time = waiting.time, .from_high = waiting.from_high}, waiting.key,
           waiting.hash, batch.way_of(waiting));
  }
}

// What is known of it: it lives, or it has ended.
void HandshakeTracker::prefetch_known(std::uint32_t hash) const noexcept {
  if (!table_.prefetch_connection(hash)) recently_closed_.prefetch(hash);
}

void HandshakeTracker::follow(Sight sight, const ConnectionKey& key, std::uint32_t hash, const packet::WayIn* way) {
  const SegmentContent& segment = sight.segment;
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
std::uint32_t HandshakeTracker::find_or_add(const SegmentContent& segment, const ConnectionKey& key, std::uint32_t hash,
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
bool HandshakeTracker::belongs_to_ended(const SegmentContent& segment, std::uint32_t hash, std::int64_t time) const {
  const RecentlyClosed::Ended* ended = recently_closed_.find(hash, time);
  if (ended == nullptr) return false;
  if (is_syn_only(segment)) return ended->initial_known && segment.sequence == ended->initial;
  if (!is_syn_ack(segment)) return true;
  return ended->last == fingerprint(segment) ||
         (ended->initial_known && segment.acknowledgment - (ended->initial + 1) < kLongestSynPayload);
}

// RFC 9293 needs no such test; captures on several interfaces and netfilter's log do. Equal acknowledgments without an
// identification are no copies but duplicate acknowledgments (RFC 5681).
bool HandshakeTracker::is_copy(Direction& direction, const SegmentContent& segment, std::int64_t time) {
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
  const SegmentContent& segment = sight.segment;
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

}  // namespace tcp::trace
