// SPDX-License-Identifier: MIT
#include "cmd/scan_record.hpp"

#include "cmd/scan_banner_record.hpp"
#include "cmd/scan_words.hpp"

#include "libtcp/packet/tcp_header.hpp"

namespace tcp::cmd {
namespace {

Value optional_microseconds(const std::optional<Duration>& duration) {
  return duration ? Value(microseconds(*duration)) : Value(nullptr);
}

}  // namespace

void add_scan(Record& run, const scan::ScanOptions& options, const TechniqueChoice& choice,
              const scan::Targets& targets) {
  run.add("technique", choice.technique->name);
  run.add("technique_reason", choice.why);
  run.add("control_bits",
          choice.technique->raw ? Value(packet::to_string_control_bits(choice.control_bits)) : Value(nullptr));
  run.add("targets", options.space.targets().size());
  run.add("skipped", targets.skipped);
  run.add("ports", options.space.port_count());
  run.add("rate", options.exact_rate ? Value(*options.exact_rate) : Value(nullptr));
  run.add("retries", options.timing.retries ? Value(*options.timing.retries) : Value(nullptr));
  run.add("confidence", options.timing.confidence);
  run.add("timeout_us", microseconds(options.timing.rto.maximum));
  run.add("seed", options.seed);
  run.add("shard", options.shard.number + 1U);
  run.add("shards", options.shard.count);
}

Record to_record(const scan::PortResult& result, const scan::Targets& targets) {
  Record record("port");
  record.add("target", to_string(result.target.address));
  record.add("name", text_or_null(name_of(result.target.address, targets)));
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
  record.add("service", text_or_null(service_text(result.target.port)));
  record.add("banner", banner_of(result.banner.get()));
  return record;
}

Record to_record(const ScanChange& change, const scan::Targets& targets) {
  Record record("change");
  record.add("change", kind_of(change));
  record.add("target", to_string(change.target.address));
  record.add("name", text_or_null(name_of(change.target.address, targets)));
  record.add("port", change.target.port);
  record.add("protocol", "tcp");
  record.add("before", change.before ? Value(scan::to_string(*change.before)) : Value(nullptr));
  record.add("now", scan::to_string(change.now));
  record.add("service", text_or_null(service_text(change.target.port)));
  return record;
}

Record to_record(const scan::HostNote& note, const scan::Targets& targets) {
  Record record("host_note");
  record.add("target", to_string(note.host));
  record.add("name", text_or_null(name_of(note.host, targets)));
  record.add("note", to_string(note.kind));
  record.add("value", note.value);
  record.add("explanation", explain(note));
  return record;
}

Record to_record(const scan::HostFinding& finding, const scan::Targets& targets) {
  Record record("host");
  record.add("target", to_string(finding.host));
  record.add("name", text_or_null(name_of(finding.host, targets)));
  record.add("state", to_string(finding.state()));
  record.add("reason", to_string(finding.evidence));
  record.add("explanation", scan::explain(finding));
  record.add("echo_requests", finding.echo_requests);
  record.add("tcp_tries", finding.tcp_tries);
  record.add("icmp_type", finding.icmp ? Value(finding.icmp->type) : Value(nullptr));
  record.add("icmp_code", finding.icmp ? Value(finding.icmp->code) : Value(nullptr));
  record.add("icmp_sender", finding.icmp_sender ? Value(to_string(*finding.icmp_sender)) : Value(nullptr));
  return record;
}

Record to_record(const scan::ScanSummary& summary, const scan::ScanOptions& options) {
  const scan::ProbeCounts& counts = summary.counts;
  Record record("summary");
  record.add("complete", summary.complete);
  record.add("targets", options.space.targets().size());
  record.add("pairs", counts.pairs);
  record.add("open", counts.open);
  record.add("open_filtered", counts.open_filtered);
  record.add("unfiltered", counts.unfiltered);
  record.add("closed", counts.closed);
  record.add("filtered", counts.filtered);
  record.add("errors", counts.errors);
  record.add("left_out", counts.left_out);
  record.add("unfinished", counts.unfinished);
  record.add("probes_sent", counts.probes_sent);
  record.add("retransmissions", counts.retransmissions);
  record.add("duplicate_answers", counts.duplicates);
  record.add("lost_answers", summary.answers_lost);
  record.add("rst_limited_hosts", summary.rst_limited_hosts);
  record.add("loss", summary.loss);
  record.add("tries", summary.tries);
  record.add("confidence", summary.confidence);
  record.add("rate", summary.rate);
  record.add("median_rtt_us", optional_microseconds(summary.median_rtt));
  record.add("slow_rtt_us", optional_microseconds(summary.slow_rtt));
  record.add("longest_rtt_us", optional_microseconds(summary.longest_rtt));
  record.add("elapsed_us", microseconds(summary.elapsed));
  return record;
}

}  // namespace tcp::cmd
