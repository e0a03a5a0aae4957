// SPDX-License-Identifier: MIT
#include "libtcp/trace/interpretation.hpp"

#include <algorithm>

#include "libtcp/trace/findings.hpp"
#include "libtcp/trace/offers.hpp"
#include "libtcp/trace/reset_origin.hpp"

namespace tcp::trace {
namespace {

constexpr std::uint32_t kHeaders4 = 40;  // IP and TCP without options
constexpr std::uint32_t kHeaders6 = 60;

const HandshakeEvent* first_of(const Handshake& handshake, std::initializer_list<Role> roles, Party from) {
  const auto event = std::ranges::find_if(handshake.events, [&](const HandshakeEvent& e) {
    return e.from == from && std::ranges::find(roles, e.role) != roles.end();
  });
  return event == handshake.events.end() ? nullptr : &*event;
}

// The event that decided about our SYN.
const HandshakeEvent* answer_of(const Handshake& handshake) {
  switch (handshake.outcome) {
    case Outcome::half_open:
    case Outcome::established: {
      const auto* syn_ack = first_of(handshake, {Role::syn_ack}, Party::server);
      return syn_ack != nullptr ? syn_ack : first_of(handshake, {Role::ack, Role::data, Role::fin}, Party::server);
    }
    case Outcome::reset:
    case Outcome::refused: return first_of(handshake, {Role::reset}, Party::server);
    case Outcome::unreachable: return first_of(handshake, {Role::icmp_error}, Party::network);
    default: return nullptr;
  }
}

// Our own kernel's word that nobody on the link answers: nothing travelled, so there is no time and no distance.
bool is_our_own(const HandshakeEvent& answer, const FourTuple& tuple) {
  const IcmpAnswer* icmp = answer.icmp();
  const IpAddress local = tuple.local.address.without_scope();
  return icmp != nullptr && icmp->sender == local && local != tuple.remote.address.without_scope();
}

std::vector<const HandshakeEvent*> syns_before(const Handshake& handshake, const HandshakeEvent& answer) {
  std::vector<const HandshakeEvent*> syns;
  for (const HandshakeEvent& event : handshake.events) {
    const bool syn = event.role == Role::syn || event.role == Role::syn_again || event.role == Role::probe ||
                     event.role == Role::probe_again;
    if (syn && event.segment() != nullptr && event.time <= answer.time) syns.push_back(&event);
  }
  return syns;
}

// Whether the answer names this SYN among several.
bool answers(const HandshakeEvent& answer, const Segment& syn) {
  const auto* sent = syn.options.find<packet::Timestamps>();
  if (const IcmpAnswer* icmp = answer.icmp()) {
    if (icmp->quoted_timestamp && sent != nullptr) return *icmp->quoted_timestamp == sent->value;
    return icmp->header.family == Family::v4 && icmp->quoted_identification == syn.identification;
  }
  const auto* echoed = answer.segment()->options.find<packet::Timestamps>();
  return sent != nullptr && echoed != nullptr && echoed->echo_reply == sent->value;
}

std::optional<RoundTrip> round_trip_of(const Handshake& handshake, const HandshakeEvent* answer) {
  if (handshake.kernel) {
    const Duration sample = handshake.kernel->round_trip;
    return RoundTrip{sample, sample, RoundTripBasis::kernel};
  }
  if (answer == nullptr || (answer->segment() == nullptr && answer->icmp() == nullptr)) return std::nullopt;
  const auto syns = syns_before(handshake, *answer);
  if (syns.empty()) return std::nullopt;
  RoundTrip result{answer->time - syns.back()->time, answer->time - syns.front()->time, RoundTripBasis::only_syn};
  if (syns.size() == 1) return result;
  std::vector<const HandshakeEvent*> named;
  std::ranges::copy_if(syns, std::back_inserter(named),
                       [&](const HandshakeEvent* syn) { return answers(*answer, *syn->segment()); });
  result.basis = RoundTripBasis::ambiguous;
  if (named.size() != 1) return result;
  result.shortest = result.longest = answer->time - named.front()->time;
  result.basis = answer->icmp() != nullptr ? RoundTripBasis::quote : RoundTripBasis::timestamp;
  return result;
}

// The peer's own SYN, with or without ACK: it carries what the peer is ready for.
const Segment* peer_syn_of(const Handshake& handshake) {
  const auto* event = first_of(handshake, {Role::syn_ack, Role::peer_syn}, Party::server);
  return event == nullptr ? nullptr : event->segment();
}

void read_peer_syn(Meaning& meaning, const Segment& syn, Family family) {
  if (const auto* mss = syn.options.find<packet::MaximumSegmentSize>()) {
    meaning.mss = mss->bytes;
    meaning.implied_mtu = mss->bytes + (family == Family::v4 ? kHeaders4 : kHeaders6);
  }
  meaning.window = syn.header.window;
  const auto* scale = syn.options.find<packet::WindowScale>();
  meaning.window_scaling = scale != nullptr;
  if (scale != nullptr) meaning.window_shift = scale->shift;
  meaning.selective_ack = syn.options.find<packet::SackPermitted>() != nullptr;
  meaning.timestamps = syn.options.find<packet::Timestamps>() != nullptr;
}

void read_kernel(Meaning& meaning, const KernelView& view) {
  meaning.window_scaling = view.peer_window_shift.has_value();
  meaning.window_shift = view.peer_window_shift;
  meaning.selective_ack = view.selective_ack;
  meaning.timestamps = view.timestamps;
  if (view.ecn) meaning.ecn = true;
}

std::optional<Distance> distance_to(const HandshakeEvent* answer) {
  if (answer == nullptr) return std::nullopt;
  if (const Segment* segment = answer->segment()) return distance_of(segment->time_to_live);
  const IcmpAnswer* icmp = answer->icmp();
  if (icmp == nullptr || icmp->time_to_live == 0) return std::nullopt;  // the error queue does not tell it
  return distance_of(icmp->time_to_live);
}

}  // namespace

Distance distance_of(std::uint8_t time_to_live) noexcept {
  const std::uint8_t initial = time_to_live <= 64 ? 64 : time_to_live <= 128 ? 128 : 255;
  return {time_to_live, initial, static_cast<std::uint8_t>(initial - time_to_live)};
}

Meaning interpret(const Handshake& handshake) {
  Meaning meaning;
  const HandshakeEvent* answer = answer_of(handshake);
  const bool travelled = answer == nullptr || !is_our_own(*answer, handshake.tuple);
  if (travelled) meaning.round_trip = round_trip_of(handshake, answer);
  if (travelled) meaning.distance = distance_to(answer);
  read_offers(meaning, handshake);
  if (auto judgment = judge_reset(handshake)) {
    meaning.reset_origin = judgment->origin;
    meaning.reset_evidence = std::move(judgment->evidence);
  }
  if (const Segment* syn = peer_syn_of(handshake))
    read_peer_syn(meaning, *syn, handshake.tuple.remote.address.family());
  if (handshake.kernel) read_kernel(meaning, *handshake.kernel);
  meaning.findings = find_all(handshake, meaning, answer);
  return meaning;
}

std::string_view to_string(Topic topic) {
  switch (topic) {
    case Topic::result: return "result";
    case Topic::round_trip: return "round_trip";
    case Topic::retransmission: return "retransmission";
    case Topic::segment_size: return "segment_size";
    case Topic::window: return "window";
    case Topic::selective_ack: return "selective_ack";
    case Topic::timestamps: return "timestamps";
    case Topic::congestion: return "congestion";
    case Topic::fast_open: return "fast_open";
    case Topic::multipath: return "multipath";
    case Topic::syn_cookies: return "syn_cookies";
    case Topic::distance: return "distance";
    case Topic::reset_origin: return "reset_origin";
    case Topic::simultaneous_open: return "simultaneous_open";
    case Topic::split_handshake: return "split_handshake";
    case Topic::data: return "data";
    case Topic::closing: return "closing";
    case Topic::limits: return "limits";
  }
  return "unknown";
}

std::string_view to_string(RoundTripBasis basis) {
  switch (basis) {
    case RoundTripBasis::only_syn: return "only_syn";
    case RoundTripBasis::timestamp: return "timestamp";
    case RoundTripBasis::quote: return "quote";
    case RoundTripBasis::ambiguous: return "ambiguous";
    case RoundTripBasis::kernel: return "kernel";
  }
  return "unknown";
}

std::string_view to_string(ResetOrigin origin) { return origin == ResetOrigin::host ? "host" : "elsewhere"; }

}  // namespace tcp::trace
