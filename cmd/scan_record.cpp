// SPDX-License-Identifier: MIT
#include "cmd/scan_record.hpp"

#include "cmd/scan_banner_record.hpp"
#include "libtcp/ports/registry.hpp"

namespace tcp::cmd {
namespace {

std::int64_t microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

Value optional_microseconds(const std::optional<Duration>& duration) {
  return duration ? Value(microseconds(*duration)) : Value(nullptr);
}

Value name_of(const IpAddress& address, const scan::Targets& targets) {
  const auto name = targets.names.find(address);
  return name == targets.names.end() ? Value(nullptr) : Value(name->second);
}

Value service_of(std::uint16_t port) {
  const std::string_view name = ports::service_name(port, ports::Protocol::tcp);
  return name.empty() ? Value(nullptr) : Value(name);
}

}  // namespace

void add_scan(Record& run, const scan::ScanOptions& options, const TechniqueChoice& choice) {
  run.add("technique", choice.technique->name);
  run.add("technique_reason", choice.why);
  run.add("targets", options.space.targets().size());
  run.add("ports", options.space.port_count());
  run.add("rate", options.rate);
  run.add("retries", options.timing.retries);
  run.add("timeout_us", microseconds(options.timing.rto.maximum));
}

Record to_record(const scan::PortResult& result, const scan::Targets& targets) {
  Record record("port");
  record.add("target", to_string(result.target.address));
  record.add("name", name_of(result.target.address, targets));
  record.add("port", result.target.port);
  record.add("protocol", "tcp");
  record.add("state", scan::to_string(result.state));
  record.add("reason", scan::to_string(result.reason));
  record.add("explanation", scan::explain(result));
  record.add("icmp_type", result.icmp ? Value(result.icmp->type) : Value(nullptr));
  record.add("icmp_code", result.icmp ? Value(result.icmp->code) : Value(nullptr));
  record.add("icmp_text", result.icmp ? Value(packet::to_string(*result.icmp)) : Value(nullptr));
  record.add("icmp_sender", result.icmp_sender ? Value(to_string(*result.icmp_sender)) : Value(nullptr));
  record.add("error", result.error ? Value(result.error->message()) : Value(nullptr));
  record.add("rtt_us", optional_microseconds(result.rtt));
  record.add("ttl", result.time_to_live ? Value(*result.time_to_live) : Value(nullptr));
  record.add("probes_sent", result.probes_sent);
  record.add("service", service_of(result.target.port));
  record.add("banner", banner_of(result));
  return record;
}

Record to_record(const scan::ScanSummary& summary, const scan::ScanOptions& options) {
  const scan::ProbeCounts& counts = summary.counts;
  Record record("summary");
  record.add("complete", summary.complete);
  record.add("targets", options.space.targets().size());
  record.add("pairs", counts.pairs);
  record.add("open", counts.open);
  record.add("closed", counts.closed);
  record.add("filtered", counts.filtered);
  record.add("errors", counts.errors);
  record.add("unfinished", counts.unfinished);
  record.add("probes_sent", counts.probes_sent);
  record.add("retransmissions", counts.retransmissions);
  record.add("duplicate_answers", counts.duplicates);
  record.add("lost_answers", summary.answers_lost);
  record.add("loss", counts.loss());
  record.add("longest_rtt_us", optional_microseconds(summary.longest_rtt));
  record.add("elapsed_us", microseconds(summary.elapsed));
  return record;
}

}  // namespace tcp::cmd
