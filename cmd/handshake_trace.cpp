// SPDX-License-Identifier: MIT
// tcpbox handshake-trace: makes a handshake with each target and shows it.
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>

#include "cmd/command.hpp"
#include "cmd/handshake_trace_passive.hpp"
#include "cmd/handshake_trace_path.hpp"
#include "cmd/handshake_trace_picture.hpp"
#include "cmd/handshake_trace_pmtu.hpp"
#include "cmd/handshake_trace_record.hpp"
#include "cmd/handshake_trace_repeat.hpp"
#include "cmd/handshake_trace_syn_options.hpp"
#include "cmd/handshake_trace_text.hpp"
#include "cmd/interrupt.hpp"
#include "cmd/options.hpp"
#include "cmd/proxy_options.hpp"
#include "libtcp/base/parse.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/resolver.hpp"
#include "libtcp/ports/registry.hpp"
#include "libtcp/trace/trace.hpp"

namespace tcp::cmd {
namespace {

using trace::Handshake;
using trace::Outcome;
using trace::Technique;

constexpr std::uint16_t kDefaultPort = 443;
constexpr unsigned kMostSynRetries = 127;   // what the kernel allows its own connections
constexpr std::size_t kMostTargets = 1024;  // each holds a port

// One target on its way: asked for, then resolved.
struct Asked {
  std::string host;
  TraceTarget target;
  std::optional<Error> error;  // it does not resolve
};

Result<std::uint16_t> parse_service(const std::string& service) {
  if (service.empty()) return kDefaultPort;
  const bool number = std::ranges::all_of(service, [](char c) { return c >= '0' && c <= '9'; });
  if (number) {
    TCP_TRY_ASSIGN(port, parse_port_number(service));
    if (port == 0) return usage_error("port 0", "nothing can listen there; must be 1 to 65535");
    return port;
  }
  TCP_TRY_ASSIGN(ports, ports::find_service_ports(service, ports::Protocol::tcp));
  return ports.ranges().front().first;
}

class Tally {
 public:
  void count(Outcome outcome) {
    ++targets_;
    if (outcome == Outcome::established) ++established_;
    if (outcome == Outcome::half_open) ++half_open_;
    if (outcome == Outcome::failed) ++failed_;
    if (outcome == Outcome::interrupted) complete_ = false;
  }
  // Many handshakes with one target: what one of them reached, the target did.
  void count(const TraceSeries& series, bool half_open) {
    ++targets_;
    if (series.established() != 0) ++(half_open ? half_open_ : established_);
    if (series.established() == 0 && series.failed() != 0) ++failed_;
  }
  void set_incomplete() { complete_ = false; }

  [[nodiscard]] ExitCode exit_code() const {
    if (failed_ != 0) return ExitCode::failed;
    return established_ + half_open_ == targets_ ? ExitCode::done : ExitCode::negative;
  }
  [[nodiscard]] Record record() const {
    Record summary("summary");
    summary.add("complete", complete_);
    summary.add("targets", targets_);
    summary.add("established", established_);
    summary.add("half_open", half_open_);
    summary.add("not_established", targets_ - established_ - half_open_ - failed_);
    summary.add("failed", failed_);
    return summary;
  }

 private:
  bool complete_ = true;
  unsigned targets_ = 0;
  unsigned established_ = 0;
  unsigned half_open_ = 0;
  unsigned failed_ = 0;
};

class HandshakeTraceCommand final : public Command {
 public:
  void define(CLI::App& app) override {
    app.add_option("TARGET", words_,
                   "HOST, HOST:PORT or [IPV6]:PORT; the port is a number or a service name, 443 "
                   "when there is none");
    passive_.define(app);
    proxy_.define(app);
    app.add_option("--technique", technique_word_,
                   "raw: crafted segments; connect: the kernel's connect(); auto: raw when permitted")
        ->type_name("WHICH")
        ->group("Handshake");
    app.add_option("--timeout", timeout_word_, "How long to wait for an answer to the SYN (default 5s)")
        ->type_name("DURATION")
        ->group("Handshake");
    app.add_option("--close-timeout", close_timeout_word_,
                   "How long to wait for the peer to close before resetting (default 3s)")
        ->type_name("DURATION")
        ->group("Handshake");
    app.add_option("--syn-retries", syn_retries_word_, "How often to repeat the SYN (default: as the kernel does)")
        ->type_name("COUNT")
        ->group("Handshake");
    path_.define(app);
    path_mtu_.define(app);
    syn_words_.define(app);
    repeat_words_.define(app);
    addresses_.define(app);
    picture_.define(app);
    output_.define(app);
  }

  Result<void> settle() override {
    TCP_TRY(output_.settle());
    TCP_TRY(proxy_.settle());
    TCP_TRY(addresses_.settle());
    TCP_TRY(passive_.settle());
    if (passive_.wanted()) return settle_passive();
    if (words_.empty()) return usage_error("no TARGET", "name a HOST, an interface (-i) or a capture file (--read)");
    TCP_TRY(settle_technique());
    TCP_TRY_ASSIGN(timeout, settle_duration("--timeout", timeout_word_, options_.timeout));
    TCP_TRY_ASSIGN(close_timeout, settle_duration("--close-timeout", close_timeout_word_, options_.close_timeout));
    options_.timeout = timeout;
    options_.close_timeout = close_timeout;
    if (timeout == Duration::zero()) return usage_error("--timeout 0", "nothing can be answered in no time");
    TCP_TRY(settle_syn_retries());
    TCP_TRY(cmd::settle(syn_words_, technique_word_ == "connect", options_));
    TCP_TRY_ASSIGN(series, cmd::settle(repeat_words_));
    series_ = series;
    if (technique_word_ == "connect" && options_.source_port && series_.count > 1) {
      return usage_error("--source-port and --count", "the kernel's connect() cannot use a port again so soon");
    }
    TCP_TRY(settle_targets());
    TCP_TRY(settle_picture());
    return settle_path();
  }

  Result<ExitCode> run(Context& context) override {
    output_.apply(context);
    if (passive_.wanted()) return passive_.run(context, output_);
    choose_technique(context);
    for (Asked& asked : asked_) resolve(asked);
    TCP_TRY(picture_.open());
    if (path_.wanted() || path_mtu_.wanted()) return run_path(context);
    const std::vector<Endpoint> endpoints = reachable();
    if (series_.flood) TCP_TRY(allow_flood(endpoints));
    TCP_TRY_ASSIGN(tracer, trace::Tracer::open(endpoints, options_, series_.count));
    TCP_TRY(net::drop_all_capabilities());
    return repeat_words_.given() ? trace_repeatedly(context, tracer) : trace_all(context, tracer);
  }

 private:
  // Handshakes that others make cannot be shaped.
  [[nodiscard]] Result<void> settle_passive() const {
    if (!words_.empty()) return usage_error("'" + words_.front() + "'", "a target is traced; -i and --read watch");
    if (picture_.wanted()) return usage_error("--svg", "draws handshakes of our own; the picture of others' is --html");
    const std::pair<std::string_view, bool> active[] = {
        {"--technique", technique_word_ != "auto"},
        {"--timeout", !timeout_word_.empty()},
        {"--close-timeout", !close_timeout_word_.empty()},
        {"--syn-retries", !syn_retries_word_.empty()},
        {"--mss", !syn_words_.mss.empty()},
        {"--ttl", !syn_words_.time_to_live.empty()},
        {"--dscp", !syn_words_.dscp.empty()},
        {"--source-port", !syn_words_.source_port.empty()},
        {"--send", !syn_words_.send.empty()},
        {"--path", path_.wanted()},
        {"--pmtu", path_mtu_.wanted()},
        {"--count", repeat_words_.given()},
        {syn_words_.first_crafted(), !syn_words_.first_crafted().empty()},
        {"-4 and -6", addresses_.v4_only || addresses_.v6_only},
    };
    for (const auto& [option, given] : active) {
      if (given) return usage_error(std::string(option), "is for handshakes of our own; -i and --read watch others'");
    }
    return {};
  }

  Result<void> settle_picture() const {
    TCP_TRY(picture_.settle());
    if (!picture_.wanted()) return {};
    if (repeat_words_.given()) return usage_error("--svg with --count", "one handshake a target is drawn, not many");
    if (path_mtu_.wanted()) return usage_error("--svg with --pmtu", "draws a handshake or a path, not a search");
    return {};
  }

  Result<void> settle_path() {
    TCP_TRY(path_mtu_.settle(path_.wanted(), options_));
    TCP_TRY(path_.settle(asked_.size(), timeout_word_));
    if (picture_.wanted() && path_.watches()) return usage_error("--svg with --watch", "draws one round of a path");
    if (!path_.wanted() && !path_mtu_.wanted()) return {};
    const bool own = options_.half_open || !options_.payload.empty() || options_.source_port || repeat_words_.given();
    if (own || !options_.shape.opens()) {
      return usage_error("--half-open, --send, --source-port, --flags, --count",
                         "cannot be used with --path or --pmtu");
    }
    if (path_.wanted() && !syn_words_.time_to_live.empty()) return usage_error("--ttl", "is what --path varies");
    path_.set_shape(options_.shape);
    path_mtu_.set_shape(options_.shape);
    return {};
  }

  Result<void> settle_technique() {
    if (technique_word_ == "auto" || technique_word_ == "raw" || technique_word_ == "connect") return {};
    return usage_error("--technique '" + technique_word_ + "'", "must be auto, raw or connect");
  }

  Result<void> settle_syn_retries() {
    if (syn_retries_word_.empty()) return {};
    const auto count = parse_unsigned<unsigned>(syn_retries_word_);
    if (!count || *count > kMostSynRetries) {
      return usage_error("--syn-retries '" + syn_retries_word_ + "'", "must be a number from 0 to 127");
    }
    options_.syn_retries = *count;
    return {};
  }

  Result<void> settle_targets() {
    if (words_.size() > kMostTargets) return usage_error("targets", "at most 1024 at once");
    for (const std::string& word : words_) {
      TCP_TRY_ASSIGN(parts, parse_host_port(word));
      auto port = parse_service(parts.service);
      if (!port) return in_option("'" + word + "'", std::move(port).error());
      asked_.push_back({parts.host, {word, *port, std::nullopt, {}}, std::nullopt});
    }
    return {};
  }

  void choose_technique(const Context& context) {
    const bool permitted = net::has(net::Capability::net_raw);
    const bool needed = !syn_words_.first_crafted().empty();
    const bool raw = technique_word_ == "raw" || (technique_word_ == "auto" && (permitted || needed));
    options_.technique = raw ? Technique::raw : Technique::connect;
    if (raw || technique_word_ == "connect") return;
    context.note("tcpbox: not permitted to craft segments, so the kernel's connect() is used");
    context.note("hint: to see segments, " + net::how_to_get(net::Capability::net_raw));
  }

  void resolve(Asked& asked) const {
    auto found = net::resolve(asked.host, {addresses_.family(), addresses_.numeric});
    if (!found) {
      asked.error = std::move(found).error();
      return;
    }
    asked.target.address = found->front();
    asked.target.other_addresses.assign(found->begin() + 1, found->end());
  }

  Result<ExitCode> run_path(Context& context) {
    std::vector<PathTarget> targets;
    for (const Asked& asked : asked_) targets.push_back({asked.target, asked.error});
    if (path_mtu_.wanted()) return path_mtu_.run(context, targets, options_.technique, output_.format());
    return path_.run(context, targets, options_.technique, output_.format(), addresses_.numeric, picture_);
  }

  [[nodiscard]] std::vector<Endpoint> reachable() const {
    std::vector<Endpoint> endpoints;
    for (const Asked& asked : asked_) {
      if (asked.target.address) endpoints.push_back({*asked.target.address, asked.target.port});
    }
    return endpoints;
  }

  Result<ExitCode> trace_all(Context& context, trace::Tracer& tracer) {
    const Interrupt interrupt;
    const auto view = picture_.beside(make_view(output_.format(), context.out, make_ladder_view(context.out)));
    view->start(make_run_record("handshake-trace", 1, context.arguments, to_rfc3339(context.clock.wall_now())));
    Tally tally;
    std::size_t index = 0;  // among those that have an address
    for (const Asked& asked : asked_) {
      if (interrupt.flag() || context.out.failed()) {
        tally.set_incomplete();
        break;
      }
      const Handshake handshake =
          asked.error ? unresolved(asked) : tracer.run(index++, context.clock, interrupt.flag());
      tally.count(handshake.outcome);
      view->result(to_record(asked.target, handshake));
    }
    view->summary(tally.record());
    TCP_TRY(picture_.finish());
    if (interrupt.flag()) context.out.flush();
    interrupt.raise_again();
    return tally.exit_code();
  }

  Result<ExitCode> trace_repeatedly(Context& context, trace::Tracer& tracer) {
    const Interrupt interrupt;
    const auto view = make_view(output_.format(), context.out, make_repeat_view(context.out));
    view->start(make_run_record("handshake-trace", 1, context.arguments, to_rfc3339(context.clock.wall_now())));
    std::vector<TraceSeries> all;
    std::vector<std::size_t> resolved;  // which of them have an address
    for (const Asked& asked : asked_) {
      if (!asked.error) resolved.push_back(all.size());
      all.emplace_back(asked.target);
      if (asked.error) view->result(all.back().add(unresolved(asked)));
    }
    tracer.run_series(series_, context.clock, interrupt.flag(), [&](std::size_t index, const Handshake& handshake) {
      view->result(all[resolved[index]].add(handshake));
      return !context.out.failed();
    });
    Tally tally;
    if (interrupt.flag() || context.out.failed()) tally.set_incomplete();
    for (const TraceSeries& series : all) {
      tally.count(series, options_.half_open);
      view->result(series.statistics());
    }
    view->summary(tally.record());
    if (interrupt.flag()) context.out.flush();
    interrupt.raise_again();
    return tally.exit_code();
  }

  [[nodiscard]] Handshake unresolved(const Asked& asked) const {
    Handshake handshake;
    handshake.technique = options_.technique;
    handshake.failure = asked.error;
    return handshake;
  }

  std::vector<std::string> words_;
  std::string technique_word_ = "auto";
  std::string timeout_word_;
  std::string close_timeout_word_;
  std::string syn_retries_word_;
  PathOptions path_;
  PathMtuCommand path_mtu_;
  TraceSynWords syn_words_;
  TraceRepeatWords repeat_words_;
  AddressOptions addresses_;
  PassiveOptions passive_;
  RefusedProxy proxy_;
  OutputOptions output_;
  TracePicture picture_;

  trace::TraceOptions options_;
  trace::SeriesOptions series_;
  std::vector<Asked> asked_;
};

}  // namespace

std::unique_ptr<Command> make_handshake_trace_command() { return std::make_unique<HandshakeTraceCommand>(); }

}  // namespace tcp::cmd
