// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_path.hpp"

#include <CLI/CLI.hpp>

#include <poll.h>

#include "cmd/handshake_trace_path_record.hpp"
#include "cmd/handshake_trace_path_text.hpp"
#include "cmd/handshake_trace_tally.hpp"
#include "cmd/interrupt.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/reverse_names.hpp"

namespace tcp::cmd {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kFlagAlone = "true";  // CLI11's word for a flag without a value
constexpr unsigned kMostHops = 255;
constexpr unsigned kMostQueries = 10;
constexpr Duration kNamePatience = 1s;      // for the names of all hops together
constexpr Duration kShortestRound = 100ms;  // between the starts of two rounds
constexpr Duration kLongestNap = 50ms;      // so that a signal is noticed

void count(TraceTally& tally, trace::PathOutcome outcome) {
  tally.count(outcome == trace::PathOutcome::open, outcome == trace::PathOutcome::failed);
  if (outcome == trace::PathOutcome::interrupted) tally.set_incomplete();
}

std::vector<IpAddress> addresses_of(const std::vector<trace::Hop>& hops) {
  std::vector<IpAddress> addresses;
  for (const trace::Hop& hop : hops) {
    for (const trace::HopAddress& address : hop.addresses) addresses.push_back(address.address);
  }
  return addresses;
}

void nap_until(MonotonicTime time, const Clock& clock, const trace::StopFlag& stop) {
  while (!stop.load(std::memory_order_relaxed)) {
    const Duration left = std::min<Duration>(time - clock.now(), kLongestNap);
    if (left <= Duration::zero()) return;
    const timespec patience{0, static_cast<long>(left.count())};
    ::ppoll(nullptr, 0, &patience, nullptr);
  }
}

// One target: its path, once or round after round.
class PathShow {
 public:
  PathShow(Context& context, View& view, const TraceTarget& target, bool numeric)
      : context_(context), view_(view), target_(target), numeric_(numeric) {}

  void show(const trace::Path& path, std::optional<std::uint64_t> round) {
    statistics_.add(path);
    if (!numeric_) {
      names_.ask(addresses_of(statistics_.hops()));
      names_.await(statistics_.rounds() == 1 ? kNamePatience : Duration::zero());
    }
    const AddressNames names = names_.names();
    for (const trace::Hop& hop : statistics_.hops()) view_.result(to_hop_record(target_, hop, names, round));
    view_.result(to_path_record(target_, path, statistics_, round));
  }

  trace::PathOutcome watch(trace::PathTracer& tracer, Duration interval, const trace::StopFlag& stop) {
    trace::PathOutcome outcome = trace::PathOutcome::interrupted;
    for (std::uint64_t round = 1; !stop.load(std::memory_order_relaxed) && !context_.out.failed(); ++round) {
      const MonotonicTime next = context_.clock.now() + interval;
      const trace::Path path = tracer.run(context_.clock, stop);
      if (path.interrupted) break;  // half a round would look like loss
      outcome = trace::end_of(path).outcome;
      show(path, round);
      if (path.failure) break;
      nap_until(next, context_.clock, stop);
    }
    return outcome;
  }

 private:
  Context& context_;
  View& view_;
  const TraceTarget& target_;
  bool numeric_;
  net::ReverseNames names_;
  trace::PathStatistics statistics_;
};

trace::Path failed_path(const PathTarget& asked, Error error, const trace::PathSettings& settings, const Clock& clock) {
  trace::Path path;
  const IpAddress nowhere;
  path.remote = {asked.target.address.value_or(nowhere), asked.target.port};
  path.technique = settings.technique;
  path.max_hops = settings.max_hops;
  path.started = clock.wall_now();
  path.failure = std::move(error);
  return path;
}

}  // namespace

void PathOptions::define(CLI::App& app) {
  constexpr const char* kGroup = "Path";
  app.add_flag("--path", path_, "Show the way to the target, hop by hop, and what is changed on it")->group(kGroup);
  app.add_option("--max-hops", max_hops_word_, "How far to go (default 30)")->type_name("COUNT")->group(kGroup);
  app.add_option("--queries", queries_word_, "Probes for each hop (default 3)")->type_name("COUNT")->group(kGroup);
  app.add_flag("--paris", one_flow_, "All probes in one flow, so that a load balancer sends them one way")
      ->group(kGroup);
  app.add_flag("--watch", watch_word_, "Again and again, every second or --watch=DURATION, until interrupted")
      ->group(kGroup);
}

Result<void> PathOptions::settle(std::size_t targets, const std::string& timeout) {
  if (!path_) {
    const bool used = !max_hops_word_.empty() || !queries_word_.empty() || one_flow_ || !watch_word_.empty();
    if (used) return usage_error("--max-hops, --queries, --paris, --watch", "belong to --path");
    return {};
  }
  TCP_TRY_ASSIGN(hops, settle_number<unsigned>("--max-hops", max_hops_word_, 1, kMostHops));
  TCP_TRY_ASSIGN(queries, settle_number<unsigned>("--queries", queries_word_, 1, kMostQueries));
  TCP_TRY_ASSIGN(wait, settle_duration("--timeout", timeout, settings_.timeout));
  settings_.max_hops = static_cast<std::uint8_t>(hops.value_or(settings_.max_hops));
  settings_.queries = queries.value_or(settings_.queries);
  settings_.one_flow = one_flow_;
  settings_.timeout = wait;
  if (watch_word_.empty()) return {};
  const std::string word = watch_word_ == kFlagAlone ? std::string() : watch_word_;
  TCP_TRY_ASSIGN(interval, settle_duration("--watch", word, 1s));
  if (interval < kShortestRound) return usage_error("--watch '" + watch_word_ + "'", "must be at least 100ms");
  if (targets != 1) return usage_error("--watch", "can watch one target at a time");
  interval_ = interval;
  return {};
}

Result<ExitCode> PathOptions::run(Context& context, const std::vector<PathTarget>& targets, trace::Technique technique,
                                  Format format, bool numeric, TracePicture& picture) {
  settings_.technique = technique;
  if (one_flow_ && technique == trace::Technique::connect) {
    return make_error(Errc::not_permitted, "--paris", "the kernel's connect() chooses another port each time",
                      net::how_to_get(net::Capability::net_raw));
  }
  TCP_TRY_ASSIGN(tracers, open_tracers<trace::PathTracer>(targets, settings_));
  TCP_TRY(net::drop_all_capabilities());
  const Interrupt interrupt;
  const auto view = picture.beside(
      make_view(format, context.out, make_path_view(context.out, interval_.has_value() && format == Format::text)));
  view->start(make_run_record("handshake-trace", 1, context.arguments, to_rfc3339(context.clock.wall_now())));
  TraceTally tally;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (interrupt.flag() || context.out.failed()) {
      tally.set_incomplete();
      break;
    }
    PathShow show(context, *view, targets[i].target, numeric);
    if (tracers[i] && interval_) {
      count(tally, show.watch(*tracers[i], *interval_, interrupt.flag()));
      continue;
    }
    const trace::Path path = tracers[i] ? tracers[i]->run(context.clock, interrupt.flag())
                                        : failed_path(targets[i], tracers[i].error(), settings_, context.clock);
    count(tally, trace::end_of(path).outcome);
    show.show(path, std::nullopt);
  }
  view->summary(tally.record());
  TCP_TRY(picture.finish());
  if (interrupt.flag()) context.out.flush();
  interrupt.raise_again();
  return tally.exit_code();
}

}  // namespace tcp::cmd
