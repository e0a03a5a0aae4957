// SPDX-License-Identifier: MIT
#include "cmd/handshake_trace_pmtu.hpp"

#include <CLI/CLI.hpp>

#include "cmd/handshake_trace_pmtu_view.hpp"
#include "cmd/handshake_trace_tally.hpp"
#include "cmd/interrupt.hpp"
#include "libtcp/net/capabilities.hpp"

namespace tcp::cmd {
namespace {

trace::PathMtu failed_path_mtu(const PathTarget& asked, Error error, trace::Technique technique, const Clock& clock) {
  trace::PathMtu result;
  const IpAddress nowhere;
  result.remote = {asked.target.address.value_or(nowhere), asked.target.port};
  result.technique = technique;
  result.started = clock.wall_now();
  result.failure = std::move(error);
  return result;
}

}  // namespace

void PathMtuCommand::define(CLI::App& app) {
  app.add_flag("--pmtu", wanted_, "Find the largest packet that comes through, and who drops larger ones")
      ->group("Path");
}

Result<void> PathMtuCommand::settle(bool path, const trace::TraceOptions& options) {
  if (wanted_ && path) return usage_error("--pmtu and --path", "cannot be used together");
  settings_.timeout = options.timeout;
  settings_.close_timeout = options.close_timeout;
  return {};
}

Result<ExitCode> PathMtuCommand::run(Context& context, const std::vector<PathTarget>& targets,
                                     trace::Technique technique, Format format) {
  settings_.technique = technique;
  TCP_TRY_ASSIGN(tracers, open_tracers<trace::PathMtuTracer>(targets, settings_));
  TCP_TRY(net::drop_all_capabilities());
  const Interrupt interrupt;
  const auto view = make_view(format, context.out, make_path_mtu_view(context.out));
  view->start(make_run_record("handshake-trace", 1, context.arguments, to_rfc3339(context.clock.wall_now())));
  TraceTally tally;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (interrupt.flag() || context.out.failed()) {
      tally.set_incomplete();
      break;
    }
    const trace::PathMtu result = tracers[i]
                                      ? tracers[i]->run(context.clock, interrupt.flag())
                                      : failed_path_mtu(targets[i], tracers[i].error(), technique, context.clock);
    tally.count(result.outcome == trace::MtuOutcome::found, result.outcome == trace::MtuOutcome::failed);
    if (result.outcome == trace::MtuOutcome::interrupted) tally.set_incomplete();
    view->result(to_record(targets[i].target, result));
  }
  view->summary(tally.record());
  if (interrupt.flag()) context.out.flush();
  interrupt.raise_again();
  return tally.exit_code();
}

}  // namespace tcp::cmd
