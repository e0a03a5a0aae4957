// SPDX-License-Identifier: MIT
#include "libtcp/trace/offers.hpp"

#include <algorithm>

namespace tcp::trace {
namespace {

namespace control = packet::control;

// A host that repeats its SYN-ACK does so within three seconds (RFC 1122 §4.2.3.1; RFC 6298 says one).
constexpr Duration kLongEnough = std::chrono::milliseconds(3200);

const HandshakeEvent* first_event(const Handshake& handshake, Party from, Role role) noexcept {
  const auto event =
      std::ranges::find_if(handshake.events, [&](const HandshakeEvent& e) { return e.from == from && e.role == role; });
  return event == handshake.events.end() ? nullptr : &*event;
}

// (AE, CWR, ECE) of a SYN-ACK as one number (RFC 9768 §3.1.2, table 2).
unsigned feedback_bits(const packet::TcpHeader& header) noexcept {
  return (header.has(control::ae) ? 4U : 0U) | (header.has(control::cwr) ? 2U : 0U) |
         (header.has(control::ece) ? 1U : 0U);
}

EcnAnswer read_accurate(unsigned bits) noexcept {
  switch (bits) {
    case 0b010: return EcnAnswer::accurate_not_ect;
    case 0b011: return EcnAnswer::accurate_ect1;
    case 0b100: return EcnAnswer::accurate_ect0;
    case 0b110: return EcnAnswer::accurate_ce;
    case 0b001: return EcnAnswer::classic;
    case 0b101: return EcnAnswer::reserved;
    case 0b111: return EcnAnswer::reflected;
    default: return EcnAnswer::none;
  }
}

// ECE alone grants it (RFC 3168 §6.1.1); both bits are our own, given back.
EcnAnswer read_classic(unsigned bits) noexcept {
  if ((bits & 0b011) == 0b011) return EcnAnswer::reflected;
  return (bits & 0b011) == 0b001 ? EcnAnswer::classic : EcnAnswer::none;
}

void read_ecn(Meaning& meaning, const Segment& first, const Segment& syn_ack, bool known) {
  if (!first.header.has(control::ece | control::cwr)) return;
  const unsigned bits = feedback_bits(syn_ack.header);
  const EcnAnswer answer = first.header.has(control::ae) ? read_accurate(bits) : read_classic(bits);
  if (answer == EcnAnswer::none && !known) return;  // the SYN that was answered may not have asked
  meaning.ecn_answer = answer;
  meaning.ecn = answer != EcnAnswer::none && answer != EcnAnswer::reserved && answer != EcnAnswer::reflected;
}

bool is_multipath_capable(const packet::TcpOptions& options) noexcept {
  const auto* option = options.find<packet::Mptcp>();
  return option != nullptr && option->subtype == 0;
}

void read_options(Meaning& meaning, const Segment& first, const Segment& syn_ack, bool known) {
  if (first.options.find<packet::FastOpen>() != nullptr) {
    const auto* cookie = syn_ack.options.find<packet::FastOpen>();
    const bool given = cookie != nullptr && cookie->cookie_length != 0;
    if (given || known) meaning.fast_open = given;
  }
  if (is_multipath_capable(first.options)) {
    const bool accepted = is_multipath_capable(syn_ack.options);
    if (accepted || known) meaning.multipath = accepted;
  }
}

bool has_more_than_mss(const packet::TcpOptions& options) noexcept {
  return options.find<packet::SackPermitted>() != nullptr || options.find<packet::WindowScale>() != nullptr ||
         options.find<packet::Timestamps>() != nullptr;
}

void read_cookies(Meaning& meaning, const Handshake& handshake, const Segment& first, const Segment& syn_ack) {
  if (handshake.outcome == Outcome::half_open) {
    const SynAckCount seen = count_syn_acks(handshake);
    if (seen.repeated_after.empty()) {
      if (seen.waited >= kLongEnough) meaning.syn_cookies = SynCookies::likely;
    } else {
      meaning.syn_cookies = SynCookies::unlikely;
    }
    return;
  }
  // Without timestamps a cookie has room for the MSS only.
  const bool offered = first.options.find<packet::SackPermitted>() != nullptr &&
                       first.options.find<packet::WindowScale>() != nullptr &&
                       first.options.find<packet::Timestamps>() == nullptr;
  const bool bare =
      syn_ack.options.find<packet::MaximumSegmentSize>() != nullptr && !has_more_than_mss(syn_ack.options);
  if (offered && bare) meaning.syn_cookies = SynCookies::possible;
}

// An acknowledgment of our SYN without a SYN, and theirs later.
bool is_split(const Handshake& handshake, const Segment& first) {
  bool acknowledged = false;
  for (const HandshakeEvent& event : handshake.events) {
    const Segment* segment = event.segment();
    if (event.from != Party::server || segment == nullptr) continue;
    if (event.role == Role::peer_syn) return acknowledged;
    acknowledged |= event.role == Role::unexpected && !segment->header.has(control::syn) &&
                    !segment->header.has(control::rst) && segment->header.has(control::ack) &&
                    segment->header.acknowledgment == first.header.sequence + 1;
  }
  return false;
}

}  // namespace

const Segment* first_segment(const Handshake& handshake, Party from, Role role) noexcept {
  const HandshakeEvent* event = first_event(handshake, from, role);
  return event == nullptr ? nullptr : event->segment();
}

const Segment* answered_syn(const Handshake& handshake) noexcept {
  const Segment* syn_ack = first_segment(handshake, Party::server, Role::syn_ack);
  const auto* echoed = syn_ack == nullptr ? nullptr : syn_ack->options.find<packet::Timestamps>();
  const Segment* found = nullptr;
  unsigned candidates = 0;
  for (const HandshakeEvent& event : handshake.events) {
    const bool syn = event.from == Party::client && (event.role == Role::syn || event.role == Role::syn_again);
    if (!syn || event.segment() == nullptr) continue;
    const auto* sent = event.segment()->options.find<packet::Timestamps>();
    const bool named = sent != nullptr && echoed != nullptr && echoed->echo_reply == sent->value;
    if (handshake.syn_count > 1 && !named) continue;
    found = event.segment();
    ++candidates;
  }
  return candidates == 1 ? found : nullptr;
}

SynAckCount count_syn_acks(const Handshake& handshake) {
  SynAckCount count;
  const HandshakeEvent* first = first_event(handshake, Party::server, Role::syn_ack);
  if (first == nullptr) return count;
  for (const HandshakeEvent& event : handshake.events) {
    if (event.from == Party::server && event.role == Role::syn_ack_again) {
      count.repeated_after.push_back(event.time - first->time);
    }
  }
  count.waited = handshake.events.back().time - first->time;  // our RST, or theirs
  return count;
}

void read_offers(Meaning& meaning, const Handshake& handshake) {
  const Segment* first = first_segment(handshake, Party::client, Role::syn);
  if (first == nullptr) return;
  meaning.split_handshake = is_split(handshake, *first);
  const Segment* syn_ack = first_segment(handshake, Party::server, Role::syn_ack);
  if (syn_ack == nullptr) return;
  const Segment* answered = answered_syn(handshake);
  const bool known = answered == first;
  read_ecn(meaning, *first, *syn_ack, known);
  read_options(meaning, *first, *syn_ack, known);
  read_cookies(meaning, handshake, *first, *syn_ack);
}

std::string_view to_string(EcnAnswer answer) {
  switch (answer) {
    case EcnAnswer::none: return "none";
    case EcnAnswer::classic: return "classic";
    case EcnAnswer::accurate_not_ect: return "accurate_not_ect";
    case EcnAnswer::accurate_ect1: return "accurate_ect1";
    case EcnAnswer::accurate_ect0: return "accurate_ect0";
    case EcnAnswer::accurate_ce: return "accurate_ce";
    case EcnAnswer::reserved: return "reserved";
    case EcnAnswer::reflected: return "reflected";
  }
  return "unknown";
}

std::string_view to_string(SynCookies cookies) {
  switch (cookies) {
    case SynCookies::likely: return "likely";
    case SynCookies::possible: return "possible";
    case SynCookies::unlikely: return "unlikely";
  }
  return "unknown";
}

}  // namespace tcp::trace
