// SPDX-License-Identifier: MIT
// tcpbox scan: which ports of which hosts are open, and how that is known.
#include <CLI/CLI.hpp>

#include <algorithm>

#include "cmd/command.hpp"
#include "cmd/interrupt.hpp"
#include "cmd/options.hpp"
#include "cmd/scan_baseline.hpp"
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
#include "libtcp/base/parse.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/ports/port_set.hpp"
#include "libtcp/scan/cookie.hpp"

namespace tcp::cmd {
namespace {

// Compared with an earlier scan, the question is whether anything has changed.
ExitCode exit_code_of(const scan::ProbeCounts& counts, std::optional<std::uint64_t> changes) {
  if (changes && counts.open + counts.open_filtered + counts.unfiltered + counts.closed + counts.filtered > 0) {
    return *changes > 0 ? ExitCode::negative : ExitCode::done;
  }
  if (counts.open + counts.open_filtered + counts.unfiltered > 0) return ExitCode::done;
  const bool nothing_was_sent = counts.errors > 0 && counts.closed + counts.filtered == 0;
  return nothing_was_sent ? ExitCode::failed : ExitCode::negative;
}

// A whole number given to an option, or the default when the option was not used.
template <class T>
Result<T> settle_number(std::string_view option, const std::string& text, T least, T most, T otherwise) {
  if (text.empty()) return otherwise;
  const auto number = parse_unsigned<T>(text);
  if (number && *number >= least && *number <= most) return *number;
  return usage_error(std::string(option) + " '" + text + "'",
                     "must be a number from " + std::to_string(least) + " to " + std::to_string(most));
}

class ScanCommand final : public Command {
 public:
  void define(CLI::App& app) override {
    targets_.define(app);
    ports_.define(app);
    probe_words_.define(app);
    app.add_option("--rate", rate_word_, "Probes a second (default 10000)")->type_name("COUNT")->group("Timing");
    app.add_option("--retries", retries_word_, "How often a silent port is probed again (default 3)")
        ->type_name("COUNT")
        ->group("Timing");
    app.add_option("--timeout", timeout_word_, "Longest wait for the answer to a probe (default 2s)")
        ->type_name("DURATION")
        ->group("Timing");
    output_.define(app);
  }

  Result<void> settle() override {
    TCP_TRY(output_.settle());
    TCP_TRY_ASSIGN(probes, cmd::settle(probe_words_));
    probes_ = std::move(probes);
    if (probes_.list_techniques) return {};
    TCP_TRY(targets_.settle());
    TCP_TRY_ASSIGN(port_numbers, ports_.settle());
    port_numbers_ = std::move(port_numbers);
    return settle_timing();
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
    TCP_TRY_ASSIGN(network, open_scan_network(probes_, space.targets(), timing_.retries + 1, context.clock));
    TCP_TRY(net::drop_all_capabilities());
    const scan::ScanOptions options{std::move(space), network.choice.technique, timing_, rate_, key.first};
    return scan(context, options, network, targets, baseline);
  }

 private:
  Result<void> settle_timing() {
    TCP_TRY_ASSIGN(rate, settle_number<std::uint64_t>("--rate", rate_word_, 1, scan::kHighestRate, scan::kDefaultRate));
    rate_ = rate;
    TCP_TRY_ASSIGN(retries, settle_number("--retries", retries_word_, 0U, scan::kMostTries - 1, timing_.retries));
    timing_.retries = retries;
    TCP_TRY_ASSIGN(timeout, settle_duration("--timeout", timeout_word_, timing_.rto.maximum));
    if (timeout < std::chrono::milliseconds(1)) {
      return usage_error("--timeout '" + timeout_word_ + "'", "must be at least 1ms");
    }
    timing_.rto.maximum = timeout;
    return {};
  }

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

  Result<ExitCode> scan(Context& context, const scan::ScanOptions& options, const ScanNetwork& network,
                        const scan::Targets& targets, const std::optional<ScanBaseline>& baseline) const {
    const ScanViewOptions shared = view_options(context, targets, baseline);
    TCP_TRY_ASSIGN(outputs, ScanOutputs::open(output_, shared, context.out));
    context.note("technique: " + std::string(network.choice.technique->name) + " (" + network.choice.why + ")");
    Record run = make_run_record("scan", 1, context.arguments, to_rfc3339(shared.started));
    add_scan(run, options, network.choice, targets);
    outputs->start(run);
    const Interrupt interrupt;
    const auto done = probe(context, options, network, *outputs, baseline, interrupt);
    if (!done) return std::unexpected(done.error());
    context.out.flush();
    TCP_TRY(outputs->finish());
    interrupt.raise_again();
    return *done;
  }

  Result<ExitCode> probe(Context& context, const scan::ScanOptions& options, const ScanNetwork& network,
                         ScanOutputs& outputs, const std::optional<ScanBaseline>& baseline,
                         const Interrupt& interrupt) const {
    ScanProgress progress(context.err, output_.progress, !targets_.reads_standard_input());
    const bool writes_early = output_.stream || output_.format() != ScanFormat::text;
    ScanReporter reporter({outputs, progress, interrupt, baseline ? &*baseline : nullptr, output_.open_only,
                           writes_early && context.out.terminal().is_terminal});
    auto summary = scan::run(options, context.clock, *network.network, reporter);
    progress.clear();
    if (!summary) return std::unexpected(std::move(summary).error());
    outputs.summary(to_record(*summary, options));
    if (summary->answers_lost > 0) {
      context.warn(std::to_string(summary->answers_lost) +
                   " answers found no room in this host's buffers; try a lower --rate");
    }
    return exit_code_of(summary->counts, baseline ? std::optional(reporter.changes()) : std::nullopt);
  }

  ScanTargetOptions targets_;
  ScanPortWords ports_;
  ScanProbeWords probe_words_;
  ScanOutputOptions output_;
  std::string rate_word_;
  std::string retries_word_;
  std::string timeout_word_;

  std::vector<std::uint16_t> port_numbers_;
  ScanProbeOptions probes_;
  std::uint64_t rate_ = scan::kDefaultRate;
  scan::Timing timing_;
};

}  // namespace

std::unique_ptr<Command> make_scan_command() { return std::make_unique<ScanCommand>(); }

}  // namespace tcp::cmd
