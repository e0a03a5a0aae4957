// SPDX-License-Identifier: MIT
// tcpbox scan: which ports of which hosts are open, and how that is known.
#include <CLI/CLI.hpp>

#include <algorithm>

#include "cmd/command.hpp"
#include "cmd/interrupt.hpp"
#include "cmd/options.hpp"
#include "cmd/scan_banner_options.hpp"
#include "cmd/scan_record.hpp"
#include "cmd/scan_text.hpp"
#include "libtcp/base/parse.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/interface.hpp"
#include "libtcp/net/resolver.hpp"
#include "libtcp/ports/common.hpp"
#include "libtcp/ports/registry.hpp"
#include "libtcp/scan/connect_network.hpp"
#include "libtcp/scan/raw_network.hpp"

namespace tcp::cmd {
namespace {

constexpr std::uint64_t kMostPublicAddresses = 65'536;  // more is no slip of the finger

// Results become records; the user or a reader that went away ends the scan.
class Reporter final : public scan::Observer {
 public:
  Reporter(View& view, const Output& out, const scan::Targets& targets, const Interrupt& interrupt, bool open_only)
      : view_(view), out_(out), targets_(targets), interrupt_(interrupt), open_only_(open_only) {}

  void on_result(const scan::PortResult& result) override {
    if (open_only_ && result.state != scan::PortState::open) return;
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
  if (counts.open > 0) return ExitCode::done;
  const bool nothing_was_sent = counts.errors > 0 && counts.closed + counts.filtered == 0;
  return nothing_was_sent ? ExitCode::failed : ExitCode::negative;
}

Result<std::vector<scan::TargetSpec>> parse_targets(const std::vector<std::string>& words) {
  std::vector<scan::TargetSpec> specs;
  for (const std::string& word : words) {
    TCP_TRY_ASSIGN(spec, scan::parse_target(word));
    specs.push_back(std::move(spec));
  }
  return specs;
}

Result<std::vector<std::uint16_t>> parse_ports(const std::string& text) {
  if (text.empty()) {
    const auto usual = ports::default_scan_ports();
    return std::vector<std::uint16_t>(usual.begin(), usual.end());
  }
  const auto lookup = [](std::string_view name) { return ports::find_service_ports(name, ports::Protocol::tcp); };
  auto set = ports::parse_port_set(text, lookup);
  if (!set) return in_option("--ports", std::move(set).error());
  if (set->contains(0)) return usage_error("--ports: port 0", "nothing can listen there; must be 1 to 65535");
  return std::vector<std::uint16_t>(set->begin(), set->end());
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
    app.add_option(
           "TARGET", target_words_,
           "Addresses (192.0.2.1), prefixes (192.0.2.0/24), ranges (192.0.2.1-192.0.2.9, 10.0.0-3.1-254), names")
        ->required();
    define_scan(app);
    define_targets(app);
    banner_.define(app);
    app.add_flag("--open", open_only_, "Show open ports only")->group("Output");
    app.add_flag("-v,--verbose", verbose_, "Show every port and every host")->group("Output");
    addresses_.define(app);
    output_.define(app);
  }

  Result<void> settle() override {
    TCP_TRY(output_.settle());
    TCP_TRY(addresses_.settle());
    TCP_TRY_ASSIGN(wanted, parse_targets(target_words_));
    wanted_ = std::move(wanted);
    auto excluded = parse_targets(excluded_words_);
    if (!excluded) return in_option("--exclude", std::move(excluded).error());
    excluded_ = std::move(*excluded);
    TCP_TRY_ASSIGN(ports, parse_ports(port_words_));
    ports_ = std::move(ports);
    if (technique_word_ != "auto" && scan::find_technique(technique_word_) == nullptr) {
      return usage_error("--technique '" + technique_word_ + "'", "must be auto, syn or connect");
    }
    TCP_TRY(banner_.settle());
    return settle_timing();
  }

  Result<ExitCode> run(Context& context) override {
    output_.apply(context);
    TCP_TRY_ASSIGN(targets, resolve());
    TCP_TRY(check_permission(targets));
    TCP_TRY_ASSIGN(space, scan::ProbeSpace::make(targets.set, ports_));
    TCP_TRY_ASSIGN(key, scan::make_cookie_key());
    TechniqueChoice choice;
    TCP_TRY_ASSIGN(network, open_network(context.clock, targets.set, choice));
    TCP_TRY(net::drop_all_capabilities());
    const scan::ScanOptions options{std::move(space), choice.technique, timing_, rate_, key.first};
    return scan(context, options, choice, targets, *network);
  }

 private:
  void define_scan(CLI::App& app) {
    app.add_option("-p,--ports", port_words_,
                   "Ports: 22,80,8000-8100,https or - for all (default: a list of usual ones)")
        ->type_name("PORTS")
        ->group("Scan");
    app.add_option("--technique", technique_word_, "auto, syn (our own segments) or connect (the kernel's connections)")
        ->type_name("WHICH")
        ->group("Scan");
    app.add_option("--rate", rate_word_, "Probes a second (default 10000)")->type_name("COUNT")->group("Scan");
    app.add_option("--retries", retries_word_, "How often a silent port is probed again (default 3)")
        ->type_name("COUNT")
        ->group("Scan");
    app.add_option("--timeout", timeout_word_, "Longest wait for the answer to a probe (default 2s)")
        ->type_name("DURATION")
        ->group("Scan");
  }

  void define_targets(CLI::App& app) {
    app.add_option("--exclude", excluded_words_, "Never probe these, written as targets are")
        ->type_name("TARGET")
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all()
        ->group("Targets");
    app.add_flag("--first-address", first_address_only_, "Of a name with several addresses, probe the first")
        ->group("Targets");
    app.add_option("--interface", interface_word_, "Send through this interface")->type_name("NAME")->group("Targets");
    app.add_flag("--i-am-allowed", allowed_, "Scan more than 65536 public addresses")->group("Targets");
  }

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

  Result<scan::Targets> resolve() const {
    const auto lookup = [this](const std::string& host) {
      return net::resolve(host, {addresses_.family(), addresses_.numeric});
    };
    return scan::resolve_targets(wanted_, excluded_, {addresses_.family(), first_address_only_}, lookup);
  }

  Result<void> check_permission(const scan::Targets& targets) const {
    const std::uint64_t count = targets.set.count_public();
    if (allowed_ || count <= kMostPublicAddresses) return {};
    return make_error(Errc::invalid_input, "targets", std::to_string(count) + " public addresses, more than 65536",
                      "when their owners have agreed, say so: --i-am-allowed");
  }

  Result<std::optional<std::uint32_t>> interface_index() const {
    if (interface_word_.empty()) return std::nullopt;
    TCP_TRY_ASSIGN(interface, net::find_interface(interface_word_));
    return interface.index;
  }

  Result<std::unique_ptr<scan::Network>> open_raw(const Clock& clock, const scan::TargetSet& targets,
                                                  std::optional<std::uint32_t> interface) const {
    scan::RawNetworkOptions options;
    options.control_bits = scan::find_technique("syn")->control_bits;
    options.tries = timing_.retries + 1;
    options.v4 = targets.has(Family::v4);
    options.v6 = targets.has(Family::v6);
    options.interface_index = interface;
    return scan::RawNetwork::open(options, clock);
  }

  // Raw when permitted, connect otherwise, unless told which.
  Result<std::unique_ptr<scan::Network>> open_network(const Clock& clock, const scan::TargetSet& targets,
                                                      TechniqueChoice& choice) const {
    TCP_TRY_ASSIGN(interface, interface_index());
    const bool asked = technique_word_ != "auto";
    if (technique_word_ != "connect") {
      auto raw = open_raw(clock, targets, interface);
      choice = {scan::find_technique("syn"), asked ? "asked for" : "raw sockets are permitted"};
      if (raw || asked) return raw;
      const std::string hint = raw.error().hint.empty() ? "" : "; " + raw.error().hint;
      choice.why = raw.error().message() + hint;
    } else {
      choice.why = "asked for";
    }
    choice.technique = scan::find_technique("connect");
    return scan::ConnectNetwork::open({interface}, clock);
  }

  Result<ExitCode> scan(Context& context, const scan::ScanOptions& options, const TechniqueChoice& choice,
                        const scan::Targets& targets, scan::Network& network) const {
    context.note("technique: " + std::string(choice.technique->name) + " (" + choice.why + ")");
    const ScanTextOptions text{verbose_, open_only_};
    const auto view = make_view(output_.format(), context.out, make_scan_text_view(context.out, text));
    Record run = make_run_record("scan", 1, context.arguments, to_rfc3339(context.clock.wall_now()));
    add_scan(run, options, choice);
    const Interrupt interrupt;
    Reporter reporter(*view, context.out, targets, interrupt, open_only_);
    view->start(run);
    TCP_TRY_ASSIGN(interface, interface_index());
    const auto run_scan = [&](scan::Observer& observer) {
      return scan::run(options, context.clock, network, observer);
    };
    TCP_TRY_ASSIGN(summary, banner_.around(context, targets, {interface, {}}, reporter, run_scan));
    view->summary(to_record(summary, options));
    if (summary.answers_lost > 0) {
      context.warn(std::to_string(summary.answers_lost) +
                   " answers found no room in this host's buffers; try a lower --rate");
    }
    context.out.flush();
    interrupt.raise_again();
    return exit_code_of(summary.counts);
  }

  std::vector<std::string> target_words_;
  std::vector<std::string> excluded_words_;
  std::string port_words_;
  std::string technique_word_ = "auto";
  std::string rate_word_;
  std::string retries_word_;
  std::string timeout_word_;
  std::string interface_word_;
  bool open_only_ = false;
  bool verbose_ = false;
  bool first_address_only_ = false;
  bool allowed_ = false;
  ScanBannerOptions banner_;
  AddressOptions addresses_;
  OutputOptions output_;

  std::vector<scan::TargetSpec> wanted_;
  std::vector<scan::TargetSpec> excluded_;
  std::vector<std::uint16_t> ports_;
  std::uint64_t rate_ = scan::kDefaultRate;
  scan::Timing timing_;
};

}  // namespace

std::unique_ptr<Command> make_scan_command() { return std::make_unique<ScanCommand>(); }

}  // namespace tcp::cmd
