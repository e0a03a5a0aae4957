// SPDX-License-Identifier: MIT
// What ends a handshake from outside: an ICMP error, time, want of room.
#include <algorithm>

#include "libtcp/trace/handshake.hpp"
#include "libtcp/trace/tracker.hpp"
#include "libtcp/trace/tracker_rules.hpp"

namespace tcp::trace {

using packet::SegmentContent;
using packet::sequence_before;
using packet::sequence_before_or_at;
namespace control = packet::control;

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
