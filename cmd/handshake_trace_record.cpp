// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_record.hpp"

#include "libtcp/base/clock.hpp"
#include "libtcp/packet/notation.hpp"
#include "libtcp/trace/interpretation.hpp"

namespace tcp::cmd {
namespace {

using trace::Handshake;
using trace::HandshakeEvent;
using trace::Party;
using trace::Role;
using trace::Segment;

double microseconds(Duration duration) { return static_cast<double>(duration.count()) / 1e3; }

// Where each side's sequence numbers begin, so that they can be shown from zero.
struct InitialSequences {
  std::uint32_t client = 0;
  std::uint32_t server = 0;
  bool server_known = false;
};

InitialSequences initial_sequences(const Handshake& handshake) {
  InitialSequences result;
  for (const HandshakeEvent& event : handshake.events) {
    const Segment* segment = event.segment();
    if (segment == nullptr) continue;
    if (event.role == Role::syn || event.role == Role::probe) result.client = segment->header.sequence;
    if (event.from != Party::server || (event.role != Role::syn_ack && event.role != Role::peer_syn)) continue;
    result.server = segment->header.sequence;
    result.server_known = true;
  }
  return result;
}

std::string relative_notation(const Segment& segment, bool from_client, const InitialSequences& initial) {
  const packet::SequenceBase base = from_client ? packet::SequenceBase{initial.client, initial.server}
                                                : packet::SequenceBase{initial.server, initial.client};
  return packet::notation(segment.header, segment.options, segment.payload_length, base);
}

Value options_list(const Segment& segment) {
  List options;
  for (const packet::TcpOption& option : segment.options) {
    Record record("option");
    record.add("kind", packet::kind_of(option));
    record.add("notation", packet::notation(packet::TcpOptions{option}));
    options.emplace_back(std::move(record));
  }
  return options;
}

Record segment_record(const Segment& segment, Family family) {
  const bool v4 = family == Family::v4;
  const bool acknowledges = segment.header.has(packet::control::ack);
  Record record("segment");
  record.add("control_bits", packet::to_string_control_bits(segment.header.control_bits));
  record.add("sequence", segment.header.sequence);
  record.add("acknowledgment", acknowledges ? Value(segment.header.acknowledgment) : Value());
  record.add("window", segment.header.window);
  record.add("payload_bytes", segment.payload_length);
  record.add("options", options_list(segment));
  record.add("options_malformed", segment.options_malformed);
  record.add("time_to_live", segment.time_to_live);
  record.add("dscp", segment.dscp);
  record.add("ecn", segment.ecn);
  record.add("identification", v4 ? Value(segment.identification) : Value());
  record.add("dont_fragment", v4 ? Value(segment.dont_fragment) : Value());
  record.add("flow_label", v4 ? Value() : Value(segment.flow_label));
  return record;
}

}  // namespace

Record icmp_record(const trace::IcmpAnswer& icmp) {
  Record record("icmp");
  record.add("protocol", icmp.header.family == Family::v4 ? "icmp" : "icmpv6");
  record.add("type_number", icmp.header.type);
  record.add("code_number", icmp.header.code);
  record.add("name", to_string(icmp.header));
  record.add("sender", to_string(icmp.sender));
  record.add("time_to_live", icmp.time_to_live == 0 ? Value() : Value(icmp.time_to_live));
  record.add("next_hop_mtu_bytes", icmp.header.next_hop_mtu());
  return record;
}

namespace {

Record event_record(const Handshake& handshake, std::size_t index, const InitialSequences& initial) {
  const HandshakeEvent& event = handshake.events[index];
  const Segment* segment = event.segment();
  const bool from_client = event.from == Party::client;
  const Family family = handshake.tuple.remote.address.family();
  Record record("event");
  record.add("time", to_rfc3339(event.time));
  record.add("offset_us", microseconds(event.time - handshake.events.front().time));
  record.add("kernel_time", event.kernel_time);
  record.add("from", to_string(event.from));
  record.add("role", to_string(event.role));
  record.add("name", name_of(event));
  record.add("explanation", explain_event(handshake, index));
  record.add("notation", segment == nullptr ? Value() : Value(relative_notation(*segment, from_client, initial)));
  record.add("segment", segment == nullptr ? Value() : Value(segment_record(*segment, family)));
  record.add("icmp", event.icmp() == nullptr ? Value() : Value(icmp_record(*event.icmp())));
  record.add("error", event.error() == nullptr ? Value() : Value(event.error()->message()));
  return record;
}

Value finding_list(const std::vector<trace::Finding>& findings) {
  List list;
  for (const trace::Finding& finding : findings) {
    Record record("finding");
    record.add("topic", to_string(finding.topic));
    record.add("statement", finding.statement);
    record.add("evidence", finding.evidence);
    list.emplace_back(std::move(record));
  }
  return list;
}

Record meaning_record(const trace::Meaning& meaning) {
  const auto& rtt = meaning.round_trip;
  const auto& distance = meaning.distance;
  Record record("meaning");
  record.add("round_trip_us", rtt ? Value(microseconds(rtt->shortest)) : Value());
  record.add("round_trip_longest_us", rtt ? Value(microseconds(rtt->longest)) : Value());
  record.add("round_trip_basis", rtt ? Value(to_string(rtt->basis)) : Value());
  record.add("mss_bytes", meaning.mss);
  record.add("implied_mtu_bytes", meaning.implied_mtu);
  record.add("window_bytes", meaning.window);
  record.add("window_scale", meaning.window_shift);
  record.add("selective_ack", meaning.selective_ack);
  record.add("timestamps", meaning.timestamps);
  record.add("ecn", meaning.ecn);
  record.add("ecn_answer", meaning.ecn_answer ? Value(to_string(*meaning.ecn_answer)) : Value());
  record.add("fast_open", meaning.fast_open);
  record.add("multipath", meaning.multipath);
  record.add("syn_cookies", meaning.syn_cookies ? Value(to_string(*meaning.syn_cookies)) : Value());
  record.add("split_handshake", meaning.split_handshake);
  record.add("time_to_live", distance ? Value(distance->time_to_live) : Value());
  record.add("initial_time_to_live", distance ? Value(distance->initial) : Value());
  record.add("hops", distance ? Value(distance->hops) : Value());
  record.add("reset_origin", meaning.reset_origin ? Value(to_string(*meaning.reset_origin)) : Value());
  record.add("findings", finding_list(meaning.findings));
  return record;
}

Value kernel_record(const std::optional<trace::KernelView>& view) {
  if (!view) return {};
  Record record("kernel");
  record.add("round_trip_us", microseconds(view->round_trip));
  record.add("send_mss_bytes", view->send_mss);
  record.add("advertised_mss_bytes", view->advertised_mss);
  record.add("path_mtu_bytes", view->path_mtu);
  record.add("peer_window_bytes", view->peer_window);
  record.add("syn_retransmissions", view->syn_retransmissions);
  return record;
}

Value address_list(const std::vector<IpAddress>& addresses) {
  List list;
  for (const IpAddress& address : addresses) list.emplace_back(to_string(address));
  return list;
}

Value event_list(const Handshake& handshake, const InitialSequences& initial) {
  List events;
  for (std::size_t i = 0; i < handshake.events.size(); ++i) {
    events.emplace_back(event_record(handshake, i, initial));
  }
  return events;
}

}  // namespace

Record to_record(const TraceTarget& target, const Handshake& handshake) {
  const InitialSequences initial = initial_sequences(handshake);
  const bool started = !handshake.events.empty();
  const bool bound = handshake.tuple.local.port != 0;
  const bool ours_known = started && handshake.events.front().segment() != nullptr;
  Record record("handshake");
  record.add("target", target.name);
  record.add("address", target.address ? Value(to_string(*target.address)) : Value());
  record.add("port", target.port);
  record.add("other_addresses", address_list(target.other_addresses));
  record.add("local_address", bound ? Value(to_string(handshake.tuple.local.address)) : Value());
  record.add("local_port", bound ? Value(handshake.tuple.local.port) : Value());
  record.add("technique", to_string(handshake.technique));
  record.add("started", started ? Value(to_rfc3339(handshake.events.front().time)) : Value());
  record.add("outcome", to_string(handshake.outcome));
  record.add("closing", to_string(handshake.closing));
  record.add("error", handshake.failure ? Value(handshake.failure->message()) : Value());
  record.add("simultaneous_open", handshake.simultaneous_open);
  record.add("syn_count", handshake.syn_count);
  record.add("sent_bytes", handshake.bytes_sent);
  record.add("received_bytes", handshake.bytes_received);
  record.add("client_initial_sequence", ours_known ? Value(initial.client) : Value());
  record.add("server_initial_sequence", initial.server_known ? Value(initial.server) : Value());
  record.add("events", event_list(handshake, initial));
  record.add("events_omitted", handshake.events_omitted);
  record.add("kernel", kernel_record(handshake.kernel));
  record.add("meaning", meaning_record(trace::interpret(handshake)));
  return record;
}

}  // namespace tcp::cmd
