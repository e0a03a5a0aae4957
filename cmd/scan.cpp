// SPDX-License-Identifier: MIT
// tcpbox scan: which ports of which hosts are open, and how that is known.
#include <CLI/CLI.hpp>

#include <algorithm>

#include "cmd/command.hpp"
#include "cmd/interrupt.hpp"
#include "cmd/options.hpp"
#include "cmd/proxy_options.hpp"
#include "cmd/scan_banner_options.hpp"
#include "cmd/scan_baseline.hpp"
#include "cmd/scan_checkpoint.hpp"
#include "cmd/scan_discovery.hpp"
#include "cmd/scan_list.hpp"
#include "cmd/scan_network.hpp"
#include "cmd/scan_output_options.hpp"
#include "cmd/scan_outputs.hpp"
#include "cmd/scan_port_options.hpp"
#include "cmd/scan_progress.hpp"
#include "cmd/scan_record.hpp"
#include "cmd/scan_reporter.hpp"
#include "cmd/scan_target_options.hpp"
#include "cmd/scan_technique_table.hpp"
#include "cmd/scan_timing_options.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/ports/port_set.hpp"
#include "libtcp/scan/cookie.hpp"

namespace tcp::cmd {
namespace {

// Compared with an earlier scan, the question is whether anything has changed.
ExitCode exit_code_of(const scan::ProbeCounts& counts, std::optional<std::uint64_t> changes) {
  if (changes &&
      counts.open + counts.open_filtered + counts.unfiltered + counts.closed + counts.filtered + counts.left_out > 0) {
    return *changes > 0 ? ExitCode::negative : ExitCode::done;
  }
  if (counts.open + counts.open_filtered + counts.unfiltered > 0) return ExitCode::done;
  const bool nothing_was_sent = counts.errors > 0 && counts.closed + counts.filtered == 0;
  return nothing_was_sent ? ExitCode::failed : ExitCode::negative;
}

class ScanCommand final : public Command {
 public:
  void define(CLI::App& app) override {
    targets_.define(app);
    proxy_.define(app);
    ports_.define(app);
    probe_words_.define(app);
    discovery_words_.define(app);
    timing_.define(app);
    banner_.define(app);
    output_.define(app);
  }

  Result<void> settle() override {
    TCP_TRY(output_.settle());
    TCP_TRY(proxy_.settle());
    TCP_TRY_ASSIGN(probes, cmd::settle(probe_words_));
    probes_ = std::move(probes);
    if (probes_.list_techniques) return {};
    TCP_TRY(targets_.settle());
    TCP_TRY_ASSIGN(port_numbers, ports_.settle());
    port_numbers_ = std::move(port_numbers);
    TCP_TRY(banner_.settle());
    TCP_TRY(discovery_words_.settle());
    return timing_.settle();
  }

  Result<ExitCode> run(Context& context) override {
    output_.common.apply(context);
    if (probes_.list_techniques) {
      print_techniques(context.out);
      return ExitCode::done;
    }
    TCP_TRY_ASSIGN(targets, targets_.resolve());
    tell_skipped(context, targets.skipped);
    if (output_.list) {
      list_targets(context, output_.common.format(), targets, port_numbers_);
      return ExitCode::done;
    }
    TCP_TRY(targets_.check_permission(targets.set));
    TCP_TRY_ASSIGN(baseline, load_baseline(context));
    TCP_TRY_ASSIGN(space, scan::ProbeSpace::make(std::move(targets.set), port_numbers_));
    TCP_TRY_ASSIGN(key, scan::make_cookie_key());
    TCP_TRY_ASSIGN(network, open_scan_network(probes_, space.targets(), timing_.most_tries(), context.clock));
    const bool is_part = !timing_.shard.empty();
    TCP_TRY_ASSIGN(discovery, ScanDiscovery::open(discovery_words_, probes_, space, is_part,
                                                  network.choice.technique->raw, timing_.most_tries(), context.clock));
    TCP_TRY(net::drop_all_capabilities());
    scan::ScanOptions options;
    options.space = std::move(space);
    options.technique = network.choice.technique;
    options.manner = to_string(probes_);
    options.seed = key.first;
    // What has become silent is a change too.
    options.open_only = output_.open_only && !baseline && !scan::may_be_open(options.technique->silence.state);
    TCP_TRY(timing_.apply(options));
    TCP_TRY(discovery.take_up(options));
    return scan(context, options, network, discovery, targets, baseline);
  }

 private:
  static void tell_skipped(const Context& context, std::uint64_t count) {
    if (count == 0) return;
    context.note("skipped: " + std::to_string(count) +
                 " special-purpose addresses (multicast, reserved, loopback, …); name them to scan them");
  }

  Result<std::optional<ScanBaseline>> load_baseline(const Context& context) const {
    if (output_.baseline.empty()) return std::nullopt;
    TCP_TRY_ASSIGN(baseline, ScanBaseline::load(output_.baseline));
    if (!baseline.complete()) {
      context.warn(output_.baseline + " is of a scan that did not end: what it had not come to counts as not open");
    }
    return std::optional(std::move(baseline));
  }

  // Where the connections for banners begin: as the probes do.
  Result<ScanBannerOptions::From> connections_from() const {
    ScanBannerOptions::From from;
    from.source = probes_.source;
    TCP_TRY_ASSIGN(interface_index, interface_index_of(probes_.interface));
    from.interface_index = interface_index;
    return from;
  }

  ScanViewOptions view_options(const Context& context, const scan::Targets& targets,
                               const std::optional<ScanBaseline>& baseline) const {
    ports::PortSet ports;
    for (const std::uint16_t port : port_numbers_) ports.insert({port, port});
    ScanViewOptions options;
    options.targets = &targets;
    options.verbose = output_.verbose;
    options.open_only = output_.open_only;
    options.started = context.clock.wall_now();
    options.ports = to_string(ports);
    if (baseline) options.baseline = output_.baseline + " (" + baseline->started() + ")";
    return options;
  }

  Result<ExitCode> scan(Context& context, scan::ScanOptions& options, const ScanNetwork& network,
                        ScanDiscovery& discovery, const scan::Targets& targets,
                        const std::optional<ScanBaseline>& baseline) const {
    const ScanViewOptions shared = view_options(context, targets, baseline);
    TCP_TRY_ASSIGN(outputs, ScanOutputs::open(output_, shared, context.out));
    context.note("technique: " + std::string(network.choice.technique->name) + " (" + network.choice.why + ")");
    Record run = make_run_record("scan", 1, context.arguments, to_rfc3339(shared.started));
    add_scan(run, options, network.choice, targets);
    discovery.add_to_run(run);
    const Interrupt interrupt;  // before the first line is out: who reads it may interrupt
    outputs->start(run);
    const auto done = probe(context, options, network, discovery, targets, *outputs, baseline, interrupt);
    if (!done) return std::unexpected(done.error());
    context.out.flush();
    TCP_TRY(outputs->finish());
    interrupt.raise_again();
    return *done;
  }

  Result<ExitCode> probe(Context& context, scan::ScanOptions& options, const ScanNetwork& network,
                         ScanDiscovery& discovery, const scan::Targets& targets, ScanOutputs& outputs,
                         const std::optional<ScanBaseline>& baseline, const Interrupt& interrupt) const {
    ScanProgress progress(context.err, output_.progress, !targets_.reads_standard_input());
    const bool writes_early = output_.stream || output_.format() != ScanFormat::text;
    CheckpointFile checkpoint(timing_.checkpoint);
    ScanReporter reporter({outputs, progress, interrupt, checkpoint, baseline ? &*baseline : nullptr, output_.open_only,
                           writes_early && context.out.terminal().is_terminal});
    auto answered = baseline ? baseline->answered() : std::vector<IpAddress>();
    TCP_TRY(discovery.run(context, options, std::move(answered), reporter));
    const auto run_scan = [&](scan::Observer& observer) {
      return scan::run(options, context.clock, *network.network, observer);
    };
    TCP_TRY_ASSIGN(from, connections_from());
    auto summary = banner_.around(context, targets, from, reporter, run_scan);
    progress.clear();
    if (!summary) return std::unexpected(std::move(summary).error());
    discovery.add_to(*summary);
    Record sums = to_record(*summary, options);
    discovery.add_to_summary(sums);
    outputs.summary(sums);
    if (summary->answers_lost > 0) {
      context.warn(std::to_string(summary->answers_lost) +
                   " answers found no room in this host's buffers; try a lower --rate");
    }
    if (checkpoint.error() && !interrupt.flag()) return std::unexpected(*checkpoint.error());
    return exit_code_of(summary->counts, baseline ? std::optional(reporter.changes()) : std::nullopt);
  }

  ScanTargetOptions targets_;
  ScanPortWords ports_;
  ScanProbeWords probe_words_;
  ScanOutputOptions output_;
  RefusedProxy proxy_;
  ScanDiscoveryWords discovery_words_;
  ScanTimingWords timing_;
  ScanBannerOptions banner_;

  std::vector<std::uint16_t> port_numbers_;
  ScanProbeOptions probes_;
};

}  // namespace

std::unique_ptr<Command> make_scan_command() { return std::make_unique<ScanCommand>(); }

}  // namespace tcp::cmd
