// SPDX-License-Identifier: MIT
// The events of a handshake in plain words, and how values read.
#include "cmd/handshake_trace_words.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/handshake_trace_record.hpp"

namespace tcp::cmd {
namespace {

using trace::Handshake;
using trace::HandshakeEvent;
using trace::Party;
using trace::Role;
namespace control = packet::control;

// The first of the server's events with one of these roles, when it is a segment.
const trace::Segment* their_first(const Handshake& handshake, std::initializer_list<Role> roles) {
  const auto event = std::ranges::find_if(handshake.events, [&](const HandshakeEvent& e) {
    return e.from == Party::server && std::ranges::find(roles, e.role) != roles.end();
  });
  return event == handshake.events.end() ? nullptr : event->segment();
}

// Whether an earlier segment of ours acknowledged the same.
bool said_before(const Handshake& handshake, std::size_t index, std::uint32_t acknowledgment) {
  return std::any_of(handshake.events.begin(), handshake.events.begin() + static_cast<std::ptrdiff_t>(index),
                     [&](const HandshakeEvent& e) {
                       return e.role == Role::ack && e.from == Party::client && e.segment() != nullptr &&
                              e.segment()->header.acknowledgment == acknowledgment;
                     });
}

std::string explain_our_ack(const Handshake& handshake, std::size_t index) {
  const std::uint32_t acknowledgment = handshake.events[index].segment()->header.acknowledgment;
  if (said_before(handshake, index, acknowledgment)) return "we say again where we stand";
  const auto* fin = their_first(handshake, {Role::fin});
  if (fin != nullptr && acknowledgment == fin->header.sequence + fin->sequence_length()) {
    return "we confirm that they closed";
  }
  const auto* syn = their_first(handshake, {Role::syn_ack, Role::peer_syn});
  const bool opens = syn != nullptr && acknowledgment == syn->header.sequence + 1;
  return opens ? "we confirm: the connection is open" : "we confirm their data";
}

std::string explain_their_ack(const Handshake& handshake, const HandshakeEvent& event) {
  const auto fin = std::ranges::find_if(handshake.events, [](const HandshakeEvent& e) {
    return e.from == Party::client && e.role == Role::fin && e.segment() != nullptr;
  });
  if (fin == handshake.events.end() || event.segment() == nullptr) return "they confirm";
  const bool of_fin = event.segment()->header.acknowledgment == fin->segment()->header.sequence + 1;
  return of_fin ? "they confirm that we closed" : "they confirm the handshake";
}

std::string explain_our_fin(const Handshake& handshake) {
  return handshake.bytes_sent == 0 ? "we have nothing to say and close our side"
                                   : "we have said all and close our side";
}

std::string explain_our_reset(const Handshake& handshake, std::size_t index) {
  const bool bare = !handshake.events[index].segment()->header.has(control::ack);  // answers a stray segment
  if (handshake.outcome == trace::Outcome::half_open) return "we give it up, as we meant to";
  if (bare) return "we reject it: there is no such connection";
  return "they did not finish in time: we break it off";
}

std::string explain_their_reset(const Handshake& handshake) {
  if (handshake.outcome == trace::Outcome::reset) return "they know no such connection";
  if (handshake.outcome == trace::Outcome::half_open) return "they give it up";
  return handshake.outcome == trace::Outcome::established ? "they break the connection off" : "they refuse";
}

std::string explain_connect_end(const HandshakeEvent& event) {
  if (event.error() != nullptr) return "the kernel gave up: " + event.error()->code.message();
  return "the kernel saw their SYN-ACK and confirmed it: open";
}

std::string explain_icmp(const HandshakeEvent& event) {
  return fmt::format("{}, says {}", to_string(event.icmp()->header), to_string(event.icmp()->sender));
}

std::string byte_count(std::uint64_t count) { return fmt::format("{} byte{}", count, count == 1 ? "" : "s"); }

std::string name_of_segment(const trace::Segment& segment) {
  if (segment.header.has(control::rst)) return "RST";
  if (segment.header.has(control::syn | control::ack)) return "SYN-ACK";
  if (segment.header.has(control::syn)) return "SYN";
  if (segment.header.has(control::fin)) return "FIN";
  if (segment.payload_length != 0) return "DATA";
  return segment.header.has(control::ack) ? "ACK" : "none";
}

}  // namespace

std::string milliseconds(const Value& microseconds) {
  const auto* number = std::get_if<double>(&microseconds.data);
  return number == nullptr ? "-" : fmt::format("{:.3f}", *number / 1e3);
}

std::string name_of(const HandshakeEvent& event) {
  if (const auto* segment = event.segment()) return name_of_segment(*segment);
  if (const auto* icmp = event.icmp()) return icmp->header.family == Family::v4 ? "ICMP" : "ICMPv6";
  switch (event.role) {
    case Role::connect_start: return "connect";
    case Role::connect_end: return event.error() == nullptr ? "open" : "error";
    case Role::end_of_stream: return "FIN";
    case Role::data: return "DATA";
    case Role::fin: return "FIN";
    case Role::reset: return "RST";
    default: return "error";
  }
}

std::string explain_event(const Handshake& handshake, std::size_t index) {
  const HandshakeEvent& event = handshake.events[index];
  const bool ours = event.from == Party::client;
  switch (event.role) {
    case Role::syn: return "we ask to open a connection";
    case Role::syn_again: return "no answer so far: we ask again";
    case Role::syn_ack: return ours ? "we accept theirs and repeat ours" : "they accept, and ask the same of us";
    case Role::syn_ack_again:
      if (handshake.outcome == trace::Outcome::half_open) return "they say so again: they remember us";
      return ours ? "we say so again" : "they say so again: our ACK was late or lost";
    case Role::probe: return "we send what opens nothing, to see what comes back";
    case Role::probe_again: return "no answer so far: we send it again";
    case Role::ack: return ours ? explain_our_ack(handshake, index) : explain_their_ack(handshake, event);
    case Role::data:
      if (event.segment() == nullptr) return "we say " + byte_count(handshake.bytes_sent);
      if (ours) return "we say " + byte_count(event.segment()->payload_length);
      return fmt::format("they {}: {} bytes", handshake.bytes_sent == 0 ? "speak first" : "answer",
                         event.segment()->payload_length);
    case Role::fin: return ours ? explain_our_fin(handshake) : "they close their side";
    case Role::fin_again: return ours ? "no answer: we close again" : "they close again: our ACK was late or lost";
    case Role::reset: return ours ? explain_our_reset(handshake, index) : explain_their_reset(handshake);
    case Role::peer_syn: return "they ask to open a connection at the same time";
    case Role::late_syn_ack: return "they accept after all, too late";
    case Role::wrong_ack: return "it confirms what we never sent: not our handshake";
    case Role::out_of_window: return "its number is outside our window: not taken";
    case Role::old_duplicate: return "a repetition of what we have";
    case Role::unexpected: return "it fits no step of a handshake: not taken";
    case Role::bad_checksum: return "its checksum is wrong: not taken";
    case Role::icmp_error:
    case Role::icmp_notice: return explain_icmp(event);
    case Role::connect_start: return "the kernel is asked to connect: it sends a SYN";
    case Role::connect_end: return explain_connect_end(event);
    case Role::end_of_stream: return "they close their side";
    case Role::send_failed: return event.error() == nullptr ? "could not be sent" : event.error()->message();
  }
  return "";
}

}  // namespace tcp::cmd
