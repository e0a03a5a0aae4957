// SPDX-License-Identifier: MIT
// What a tracker says about a handshake that is decided.
#include <algorithm>
#include <utility>

#include "libtcp/trace/tracker.hpp"

namespace tcp::trace {
namespace {

WallTime to_time(std::int64_t time) { return WallTime(Duration(time)); }

// TSecr of the first SYN-ACK.
std::optional<std::uint32_t> echo_among(const Opening& opening) {
  const auto timestamps = find_timestamps(opening.sides[1].raw_options());
  return timestamps ? std::optional(timestamps->echo_reply) : std::nullopt;
}

// Each of the SYNs may have been answered, unless the answer's TSecr names one (RFC 7323 §4.1). Nothing when the answer
// stands before the SYN, as in files whose order is not that of time.
std::optional<ObservedRoundTrip> server_side(const Opening& opening) {
  const std::int64_t answered = opening.answered_at;
  const std::size_t known = std::min<std::size_t>(opening.syn_count, kSynTimes);
  if (answered == 0 || known == 0) return std::nullopt;
  std::optional<ObservedRoundTrip> result;
  std::optional<std::uint32_t> echoed;
  if (opening.syn_count > 1) echoed = echo_among(opening);
  const auto first = echoed ? find_timestamps(opening.sides[0].raw_options()) : std::nullopt;
  for (std::size_t i = 0; i < known; ++i) {
    const Opening::Syn& syn = opening.syns[i];
    if (syn.time > answered) continue;
    const Duration taken(answered - syn.time);
    const std::uint32_t timestamp = i == 0 && first ? first->value : syn.timestamp;
    if (first && *echoed == timestamp) {
      return ObservedRoundTrip{taken, taken};
    }
    if (!result) result = ObservedRoundTrip{taken, taken};
    result->shortest = std::min(result->shortest, taken);
    result->longest = std::max(result->longest, taken);
  }
  return result;
}

std::optional<ObservedRoundTrip> client_side(const Opening& opening) {
  if (opening.acknowledged_at == 0 || opening.syn_ack_count == 0) return std::nullopt;
  const Duration longest(opening.acknowledged_at - opening.syn_ack_first);
  const Duration shortest(opening.acknowledged_at - opening.syn_ack_last);
  if (shortest < Duration::zero()) return std::nullopt;
  return ObservedRoundTrip{shortest, longest};
}

bool opened_by_both(const Connection& connection) {
  return connection.directions[0].syn && connection.directions[1].syn;
}

struct Sides {
  std::optional<ObservedRoundTrip> server;
  std::optional<ObservedRoundTrip> client;
};

Sides sides_of(const Connection& connection, const Opening& opening, ObservedOutcome outcome) {
  Sides sides;
  if (opened_by_both(connection)) return sides;
  if (outcome != ObservedOutcome::partial) sides.server = server_side(opening);
  if (outcome == ObservedOutcome::established) sides.client = client_side(opening);
  return sides;
}

void set_sides(HandshakeGist& gist, const Sides& sides) {
  gist.ambiguous = sides.server && sides.server->ambiguous();
  if (sides.server && !gist.ambiguous) gist.server_side = sides.server->shortest;
  if (sides.client && !sides.client->ambiguous()) gist.client_side = sides.client->shortest;
}

}  // namespace

ObservedHandshake HandshakeTracker::describe(Connection& connection, ObservedOutcome outcome, std::int64_t time) {
  const bool client_is_high = connection.client_known && connection.client_is_high;
  const ConnectionKey& key = connection.key;
  const Endpoint low{packet::to_address(key.low_address, connection.family), key.low_port};
  const Endpoint high{packet::to_address(key.high_address, connection.family), key.high_port};
  ObservedHandshake told;
  told.client = client_is_high ? high : low;
  told.server = client_is_high ? low : high;
  told.outcome = outcome;
  told.simultaneous_open = opened_by_both(connection);
  told.first = to_time(connection.first_time);
  told.last = to_time(time);
  if (connection.opening == kNone) return told;
  const Opening& opening = table_.opening(connection);
  told.syn_count = opening.syn_count;
  told.syn_ack_count = opening.syn_ack_count;
  const Sides sides = sides_of(connection, opening, outcome);
  told.server_side = sides.server;
  told.client_side = sides.client;
  told.client_opening = opening.sides[0];
  told.server_opening = opening.sides[1];
  told.icmp_count = opening.icmp_count;
  if (opening.icmp_count != 0) {
    told.icmp = ObservedIcmp{opening.icmp, opening.icmp_sender, opening.icmp_time_to_live, to_time(opening.icmp_time)};
  }
  if (opening.way) told.way = *opening.way;
  return told;
}

void HandshakeTracker::tell_gist(Connection& connection, ObservedOutcome outcome) {
  const bool client_is_high = connection.client_known && connection.client_is_high;
  const ConnectionKey& key = connection.key;
  HandshakeGist& gist = gists_.emplace_back();
  gist.client = client_is_high ? key.high_address : key.low_address;
  gist.server = client_is_high ? key.low_address : key.high_address;
  gist.server_port = client_is_high ? key.low_port : key.high_port;
  gist.family = connection.family;
  gist.outcome = outcome;
  if (connection.opening == kNone) return;
  const Opening& opening = table_.opening(connection);
  gist.retransmitted = opening.syn_count > 1 || opening.syn_ack_count > 1;
  set_sides(gist, sides_of(connection, opening, outcome));
}

void HandshakeTracker::take_gists(std::vector<HandshakeGist>& gists) {
  if (gists.empty()) return std::swap(gists, gists_);
  gists.insert(gists.end(), gists_.begin(), gists_.end());
  gists_.clear();
}

void HandshakeTracker::tell(Connection& connection, ObservedOutcome outcome, std::int64_t time, bool evicted) {
  connection.told = true;
  if (options_.gists) {
    tell_gist(connection, outcome);
  } else {
    ObservedHandshake told = describe(connection, outcome, time);
    told.evicted = evicted;
    observer_.on_handshake(told);
  }
  table_.close_opening(connection);
}

HandshakeGist gist_of(const ObservedHandshake& handshake) {
  HandshakeGist gist;
  gist.client = packet::to_number(handshake.client.address);
  gist.server = packet::to_number(handshake.server.address);
  gist.server_port = handshake.server.port;
  gist.family = handshake.server.address.family();
  gist.outcome = handshake.outcome;
  gist.retransmitted = handshake.retransmitted();
  set_sides(gist, {handshake.server_side, handshake.client_side});
  return gist;
}

std::string_view to_string(ObservedOutcome outcome) {
  switch (outcome) {
    case ObservedOutcome::established: return "established";
    case ObservedOutcome::refused: return "refused";
    case ObservedOutcome::unreachable: return "unreachable";
    case ObservedOutcome::unanswered: return "unanswered";
    case ObservedOutcome::half_open: return "half_open";
    case ObservedOutcome::rejected: return "rejected";
    case ObservedOutcome::abandoned: return "abandoned";
    case ObservedOutcome::partial: return "partial";
  }
  return "unknown";
}

bool failed(ObservedOutcome outcome) noexcept {
  return outcome != ObservedOutcome::established && outcome != ObservedOutcome::partial;
}

}  // namespace tcp::trace
