// SPDX-License-Identifier: MIT
// tcpbox handshake-trace --pmtu: the largest packet that comes through to a target.
#pragma once

#include <vector>

#include "cmd/command.hpp"
#include "cmd/handshake_trace_path.hpp"
#include "cmd/options.hpp"
#include "libtcp/trace/run_pmtu.hpp"

namespace tcp::cmd {

class PathMtuCommand {
 public:
  void define(CLI::App& app);
  // With the timeouts of a handshake. Errors: together with --path.
  [[nodiscard]] Result<void> settle(bool path, const trace::TraceOptions& options);
  [[nodiscard]] bool wanted() const noexcept { return wanted_; }

  // What the SYN looks like.
  void set_shape(const trace::SynShape& shape) { settings_.shape = shape; }
  // One target after the other; drops all capabilities once sockets are open.
  [[nodiscard]] Result<ExitCode> run(Context& context, const std::vector<PathTarget>& targets,
                                     trace::Technique technique, Format format);

 private:
  bool wanted_ = false;
  trace::PathMtuTracer::Settings settings_;
};

}  // namespace tcp::cmd
