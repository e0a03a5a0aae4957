// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_path_record.hpp"

#include "libtcp/trace/path_changes.hpp"

namespace tcp::cmd {
namespace {

Value microseconds(const std::optional<Duration>& duration) {
  if (!duration) return {};
  return static_cast<double>(duration->count()) / 1e3;
}

void add_target(Record& record, const TraceTarget& target, std::optional<std::uint64_t> round) {
  record.add("target", target.name);
  record.add("address", target.address ? Value(to_string(*target.address)) : Value());
  record.add("port", target.port);
  record.add("round", round);
}

List address_list(const std::vector<trace::HopAddress>& addresses, const AddressNames& names) {
  List list;
  for (const trace::HopAddress& address : addresses) {
    const auto name = names.find(address.address);
    Record record("hop_address");
    record.add("address", to_string(address.address));
    record.add("name", name == names.end() ? Value() : Value(name->second));
    record.add("answers", address.answers);
    list.emplace_back(std::move(record));
  }
  return list;
}

List label_list(const std::vector<packet::MplsLabel>& labels) {
  List list;
  for (const packet::MplsLabel& label : labels) {
    Record record("mpls_label");
    record.add("label", label.label);
    record.add("traffic_class", label.traffic_class);
    record.add("bottom", label.bottom);
    record.add("time_to_live", label.time_to_live);
    list.emplace_back(std::move(record));
  }
  return list;
}

List change_list(const trace::Path& path) {
  List list;
  for (const trace::PathChange& change : trace::locate_changes(path)) {
    Record record("path_change");
    record.add("field", to_string(change.field));
    record.add("before", change.before);
    record.add("after", change.after);
    record.add("last_hop_without", change.last_without);
    record.add("first_hop_with", change.first_with);
    record.add("flows", change.flows);
    list.emplace_back(std::move(record));
  }
  return list;
}

List texts(const std::vector<IpAddress>& addresses) {
  List list;
  for (const IpAddress& address : addresses) list.emplace_back(to_string(address));
  return list;
}

List route_change_list(const trace::PathStatistics& statistics) {
  List list;
  for (const trace::RouteChange& change : statistics.route_changes()) {
    Record record("route_change");
    record.add("time", to_rfc3339(change.time));
    record.add("hop", change.hop);
    record.add("before", texts(change.before));
    record.add("after", texts(change.after));
    list.emplace_back(std::move(record));
  }
  return list;
}

Value icmp_name(const std::optional<packet::IcmpHeader>& icmp) { return icmp ? Value(to_string(*icmp)) : Value(); }

}  // namespace

Record to_hop_record(const TraceTarget& target, const trace::Hop& hop, const AddressNames& names,
                     std::optional<std::uint64_t> round) {
  List answers;
  for (const trace::PathAnswer answer : hop.answers) answers.emplace_back(to_string(answer));
  const std::uint32_t lost = hop.sent - hop.answered;
  Record record("hop");
  add_target(record, target, round);
  record.add("hop", hop.number);
  record.add("sent", hop.sent);
  record.add("answered", hop.answered);
  record.add("loss_percent", hop.sent == 0 ? Value() : Value(100.0 * lost / hop.sent));
  record.add("addresses", address_list(hop.addresses, names));
  record.add("round_trip_last_us", microseconds(hop.last));
  record.add("round_trip_shortest_us", microseconds(hop.shortest));
  record.add("round_trip_average_us", microseconds(hop.average));
  record.add("round_trip_longest_us", microseconds(hop.longest));
  record.add("answers", answers);
  record.add("rejection", icmp_name(hop.rejection));
  record.add("mpls_labels", label_list(hop.labels));
  record.add("quoted_time_to_live", hop.quoted_ttl);
  record.add("quoted_bytes", hop.quoted_bytes);
  return record;
}

Record to_path_record(const TraceTarget& target, const trace::Path& path, const trace::PathStatistics& statistics,
                      std::optional<std::uint64_t> round) {
  const trace::PathEnd end = trace::end_of(path);
  Record record("path");
  add_target(record, target, round);
  record.add("local_address", path.local ? Value(to_string(*path.local)) : Value());
  record.add("technique", to_string(path.technique));
  record.add("started", to_rfc3339(path.started));
  record.add("flows", path.flows);
  record.add("max_hops", path.max_hops);
  record.add("outcome", to_string(end.outcome));
  record.add("last_hop", end.hop == 0 ? Value() : Value(end.hop));
  record.add("sender", end.sender ? Value(to_string(*end.sender)) : Value());
  record.add("sender_hop", end.sender_hop);
  record.add("rejection", icmp_name(end.icmp));
  record.add("error", path.failure ? Value(path.failure->message()) : Value());
  record.add("changes", change_list(path));
  record.add("route_changes", route_change_list(statistics));
  record.add("route_changes_omitted", statistics.route_changes_omitted());
  return record;
}

}  // namespace tcp::cmd
