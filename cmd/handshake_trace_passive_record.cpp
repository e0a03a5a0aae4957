// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_passive_record.hpp"

#include "libtcp/base/clock.hpp"
#include "libtcp/packet/notation.hpp"

namespace tcp::cmd {
namespace {

using trace::ObservedOutcome;

double microseconds(Duration duration) { return static_cast<double>(duration.count()) / 1e3; }

Value opening_record(const trace::OpeningSegment& opening) {
  if (!opening.seen) return {};
  packet::ParseError error{};
  const packet::TcpOptions options = packet::parse_tcp_options(opening.raw_options(), error);
  const auto* mss = options.find<packet::MaximumSegmentSize>();
  const auto* scale = options.find<packet::WindowScale>();
  Record record("opening");
  record.add("control_bits", packet::to_string_control_bits(opening.control_bits));
  record.add("window", opening.window);
  record.add("time_to_live", opening.time_to_live);
  record.add("options", packet::notation(options));
  record.add("options_malformed", error != packet::ParseError::none);
  record.add("mss_bytes", mss == nullptr ? Value() : Value(mss->bytes));
  record.add("window_scale", scale == nullptr ? Value() : Value(scale->shift));
  record.add("selective_ack", options.find<packet::SackPermitted>() != nullptr);
  record.add("timestamps", options.find<packet::Timestamps>() != nullptr);
  return record;
}

Value icmp_record(const std::optional<trace::ObservedIcmp>& icmp) {
  if (!icmp) return {};
  Record record("icmp");
  record.add("protocol", icmp->header.family == Family::v4 ? "icmp" : "icmpv6");
  record.add("type_number", icmp->header.type);
  record.add("code_number", icmp->header.code);
  record.add("name", to_string(icmp->header));
  record.add("sender", to_string(icmp->sender));
  record.add("time_to_live", icmp->time_to_live);
  record.add("next_hop_mtu_bytes", icmp->header.next_hop_mtu());
  return record;
}

Value process_record(const std::optional<sockets::Process>& owner) {
  if (!owner) return {};
  Record record("process");
  record.add("pid", owner->pid);
  record.add("name", owner->name);
  return record;
}

void add_side(Record& record, const std::string& name, const std::optional<trace::ObservedRoundTrip>& time) {
  record.add(name + "_us", time ? Value(microseconds(time->shortest)) : Value());
  record.add(name + "_longest_us", time ? Value(microseconds(time->longest)) : Value());
}

Value round_trip_record(const trace::RoundTrips& times) {
  if (times.count() == 0) return {};
  Record record("round_trip_times");
  record.add("count", times.count());
  record.add("least_us", microseconds(times.least()));
  record.add("median_us", microseconds(times.percentile(0.5)));
  record.add("p90_us", microseconds(times.percentile(0.9)));
  record.add("p99_us", microseconds(times.percentile(0.99)));
  record.add("most_us", microseconds(times.most()));
  record.add("mean_us", microseconds(times.mean()));
  return record;
}

// The classes that hold any.
List histogram(const trace::RoundTrips& times) {
  List list;
  for (std::size_t i = 0; i < trace::RoundTrips::kClasses; ++i) {
    if (times.in_class(i) == 0) continue;
    Record record("round_trip_class");
    record.add("begin_us", microseconds(trace::RoundTrips::class_begin(i)));
    record.add("end_us", microseconds(trace::RoundTrips::class_end(i)));
    record.add("count", times.in_class(i));
    list.emplace_back(std::move(record));
  }
  return list;
}

Record outcome_record(const trace::OutcomeCounts& counts) {
  Record record("outcomes");
  for (std::size_t i = 0; i < trace::kObservedOutcomes; ++i) {
    record.add(to_string(static_cast<ObservedOutcome>(i)), counts.counts[i]);
  }
  return record;
}

Record server_record(const trace::PassiveSummary::Server& server) {
  Record record("server");
  record.add("address", to_string(server.endpoint.address));
  record.add("port", server.endpoint.port);
  record.add("handshakes", server.tally->outcomes.total());
  record.add("failed", server.tally->outcomes.failed());
  record.add("retransmitted", server.tally->retransmitted);
  record.add("outcomes", outcome_record(server.tally->outcomes));
  record.add("server_side", round_trip_record(server.tally->round_trips));
  return record;
}

Record client_record(const trace::PassiveSummary::Client& client) {
  Record record("client");
  record.add("address", to_string(client.address));
  record.add("handshakes", client.tally->handshakes);
  record.add("failed", client.tally->failed);
  record.add("retransmitted", client.tally->retransmitted);
  return record;
}

Record segment_counts(const trace::TrackerCounts& counts) {
  Record record("segments");
  record.add("total", counts.segments);
  record.add("copies", counts.duplicates);
  record.add("syn", counts.syn);
  record.add("syn_ack", counts.syn_ack);
  record.add("rst", counts.rst);
  record.add("fin", counts.fin);
  record.add("data", counts.data);
  record.add("syn_retransmissions", counts.syn_retransmissions);
  record.add("syn_ack_retransmissions", counts.syn_ack_retransmissions);
  record.add("data_retransmissions", counts.data_retransmissions);
  record.add("wrong_acknowledgments", counts.wrong_acknowledgments);
  record.add("stray_resets", counts.stray_resets);
  return record;
}

Record connection_counts(const trace::TrackerCounts& counts) {
  Record record("connections");
  record.add("total", counts.connections);
  record.add("ipv6", counts.connections_v6);
  record.add("simultaneous_opens", counts.simultaneous_opens);
  record.add("with_syn_retransmissions", counts.connections_with_syn_retransmissions);
  record.add("with_syn_ack_retransmissions", counts.connections_with_syn_ack_retransmissions);
  record.add("asking_for_ecn", counts.ecn_syn);
  record.add("asking_for_accurate_ecn", counts.accurate_ecn_syn);
  record.add("closed", counts.closed);
  record.add("reset_by_client", counts.reset_by_client);
  record.add("reset_by_server", counts.reset_by_server);
  record.add("not_closed", counts.not_closed);
  record.add("evicted_half_open", counts.evicted_opening);
  record.add("evicted_established", counts.evicted_established);
  record.add("evicted_partial", counts.evicted_partial);
  return record;
}

Record frame_counts(const PassiveTotals& totals) {
  const trace::FrameCounts& counts = totals.frames;
  Record record("frames");
  record.add("total", counts.frames);
  record.add("filtered_out", counts.filtered);
  record.add("tunnelled", counts.tunnelled);
  record.add("not_tcp", counts.not_tcp);
  record.add("fragments", counts.fragments);
  record.add("cut", counts.cut);
  record.add("malformed", counts.malformed);
  record.add("unknown_link_type", counts.unknown_link);
  record.add("icmp_errors", totals.tracker.icmp_errors);
  record.add("dropped_by_kernel", totals.live ? Value(totals.live->dropped_by_kernel) : Value());
  record.add("dropped_by_interface", totals.live ? Value(totals.live->dropped_by_interface) : Value());
  return record;
}

}  // namespace

Record to_record(const trace::ObservedHandshake& handshake, const std::optional<sockets::Process>& owner) {
  Record record("observed");
  record.add("first", to_rfc3339(handshake.first));
  record.add("last", to_rfc3339(handshake.last));
  record.add("client_address", to_string(handshake.client.address));
  record.add("client_port", handshake.client.port);
  record.add("server_address", to_string(handshake.server.address));
  record.add("server_port", handshake.server.port);
  record.add("way_in", handshake.way ? Value(to_string(*handshake.way)) : Value());
  record.add("outcome", to_string(handshake.outcome));
  record.add("simultaneous_open", handshake.simultaneous_open);
  record.add("evicted", handshake.evicted);
  record.add("syn_count", handshake.syn_count);
  record.add("syn_ack_count", handshake.syn_ack_count);
  add_side(record, "server_side", handshake.server_side);
  add_side(record, "client_side", handshake.client_side);
  record.add("client_opening", opening_record(handshake.client_opening));
  record.add("server_opening", opening_record(handshake.server_opening));
  record.add("icmp", icmp_record(handshake.icmp));
  record.add("icmp_count", handshake.icmp_count);
  record.add("process", process_record(owner));
  return record;
}

Record to_record(const PassiveTotals& totals) {
  List servers;
  for (const auto& server : totals.summary.top_servers(totals.top)) servers.emplace_back(server_record(server));
  List clients;
  for (const auto& client : totals.summary.top_clients(totals.top)) clients.emplace_back(client_record(client));
  const bool timed = totals.frames.frames != 0;
  Record record("summary");
  record.add("complete", totals.complete);
  record.add("shown", totals.shown);
  record.add("first", timed ? Value(to_rfc3339(totals.frames.first)) : Value());
  record.add("last", timed ? Value(to_rfc3339(totals.frames.last)) : Value());
  record.add("outcomes", outcome_record(totals.summary.outcomes()));
  record.add("server_side", round_trip_record(totals.summary.server_side()));
  record.add("client_side", round_trip_record(totals.summary.client_side()));
  record.add("server_side_histogram", histogram(totals.summary.server_side()));
  record.add("client_side_histogram", histogram(totals.summary.client_side()));
  record.add("ambiguous_round_trips", totals.summary.ambiguous());
  record.add("connections", connection_counts(totals.tracker));
  record.add("segments", segment_counts(totals.tracker));
  record.add("frames", frame_counts(totals));
  record.add("servers_total", totals.summary.servers());
  record.add("clients_total", totals.summary.clients());
  record.add("peers_forgotten", totals.summary.forgotten());
  record.add("servers", std::move(servers));
  record.add("clients", std::move(clients));
  return record;
}

}  // namespace tcp::cmd
