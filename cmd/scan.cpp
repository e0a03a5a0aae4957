// SPDX-License-Identifier: MIT
// tcpbox scan: which ports of which hosts are open, and how that is known.
#include <CLI/CLI.hpp>

#include <algorithm>

#include "cmd/command.hpp"
#include "cmd/interrupt.hpp"
#include "cmd/options.hpp"
#include "cmd/scan_network.hpp"
#include "cmd/scan_output_options.hpp"
#include "cmd/scan_port_options.hpp"
#include "cmd/scan_record.hpp"
#include "cmd/scan_target_options.hpp"
#include "cmd/scan_technique_table.hpp"
#include "cmd/scan_text.hpp"
#include "libtcp/base/parse.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/scan/cookie.hpp"

namespace tcp::cmd {
namespace {

// Results become records; the user or a reader that went away ends the scan.
class Reporter final : public scan::Observer {
 public:
  Reporter(View& view, const Output& out, const scan::Targets& targets, const Interrupt& interrupt, bool open_only)
      : view_(view), out_(out), targets_(targets), interrupt_(interrupt), open_only_(open_only) {}

  void on_result(const scan::PortResult& result) override {
    if (open_only_ && !scan::may_be_open(result.state)) return;
    view_.result(to_record(result, targets_));
  }
  bool stop_requested() override { return interrupt_.flag() || out_.failed(); }

 private:
  View& view_;
  const Output& out_;
  const scan::Targets& targets_;
  const Interrupt& interrupt_;
  bool open_only_;
};

ExitCode exit_code_of(const scan::ProbeCounts& counts) {
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
    TCP_TRY(targets_.check_permission(targets.set));
    TCP_TRY_ASSIGN(space, scan::ProbeSpace::make(targets.set, port_numbers_));
    TCP_TRY_ASSIGN(key, scan::make_cookie_key());
    TCP_TRY_ASSIGN(network, open_scan_network(probes_, targets.set, timing_.retries + 1, context.clock));
    TCP_TRY(net::drop_all_capabilities());
    const scan::ScanOptions options{std::move(space), network.choice.technique, timing_, rate_, key.first};
    return scan(context, options, network, targets);
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

  Result<ExitCode> scan(Context& context, const scan::ScanOptions& options, const ScanNetwork& network,
                        const scan::Targets& targets) const {
    const TechniqueChoice& choice = network.choice;
    context.note("technique: " + std::string(choice.technique->name) + " (" + choice.why + ")");
    const ScanTextOptions text{output_.verbose, output_.open_only};
    const auto view = make_view(output_.common.format(), context.out, make_scan_text_view(context.out, text));
    Record run = make_run_record("scan", 1, context.arguments, to_rfc3339(context.clock.wall_now()));
    add_scan(run, options, choice);
    const Interrupt interrupt;
    Reporter reporter(*view, context.out, targets, interrupt, output_.open_only);
    view->start(run);
    TCP_TRY_ASSIGN(summary, scan::run(options, context.clock, *network.network, reporter));
    view->summary(to_record(summary, options));
    if (summary.answers_lost > 0) {
      context.warn(std::to_string(summary.answers_lost) +
                   " answers found no room in this host's buffers; try a lower --rate");
    }
    context.out.flush();
    interrupt.raise_again();
    return exit_code_of(summary.counts);
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
