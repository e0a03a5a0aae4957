// SPDX-License-Identifier: MIT
#include "libtcp/trace/active_session.hpp"

#include "libtcp/trace/wire_words.hpp"

namespace tcp::trace {

ActiveSession::ActiveSession(const ActiveOptions& options, const Clock& clock)
    : clock_(clock), machine_(options, clock.now()), recorder_(handshake_) {
  handshake_.tuple = options.tuple;
  handshake_.technique = Technique::raw;
}

void ActiveSession::take(const Observation& seen) {
  if (const auto* answer = std::get_if<IcmpAnswer>(&seen.what)) {
    const Role role = seen.checksum_bad ? Role::bad_checksum : machine_.on_icmp(*answer, clock_.now());
    recorder_.add({seen.time, true, Party::network, role, *answer});
    return;
  }
  const auto& segment = std::get<Segment>(seen.what);
  if (seen.sent_by_us) {
    recorder_.seen_leaving(segment, seen.time);
    return;
  }
  const Role role = seen.checksum_bad ? Role::bad_checksum : machine_.on_segment(segment, clock_.now());
  recorder_.add({seen.time, true, Party::server, role, segment});
}

void ActiveSession::send_all(Network& network) {
  for (const Outgoing& outgoing : machine_.take_outgoing()) {
    const WallTime now = clock_.wall_now();
    auto sent = network.send(handshake_.tuple, outgoing.segment);
    if (sent) {
      recorder_.sent(outgoing.role, outgoing.segment, now);
      continue;
    }
    recorder_.add({now, false, Party::client, Role::send_failed, sent.error()});
    if (is_passing(sent.error())) continue;
    fail(std::move(sent).error());
    return;
  }
}

void ActiveSession::fail(Error error) {
  if (!handshake_.failure) handshake_.failure = std::move(error);
  machine_.abort(Outcome::failed, clock_.now());
}

void ActiveSession::note_state(Handshake& handshake) const {
  Recorder(handshake).finish();
  handshake.outcome = machine_.outcome();
  handshake.closing = machine_.closing();
  handshake.closing_reason = machine_.closing_reason();
  handshake.simultaneous_open = machine_.simultaneous_open();
  handshake.syn_count = machine_.syn_count();
  handshake.bytes_sent = machine_.bytes_sent();
  handshake.bytes_received = machine_.bytes_received();
}

Handshake ActiveSession::snapshot() const {
  Handshake handshake = handshake_;
  note_state(handshake);
  return handshake;
}

Handshake ActiveSession::settle() {
  note_state(handshake_);
  return std::move(handshake_);
}

}  // namespace tcp::trace
