// SPDX-License-Identifier: MIT
// tcpbox handshake-trace --path: the way to a target, once or again and again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/command.hpp"
#include "cmd/handshake_trace_picture.hpp"
#include "cmd/handshake_trace_record.hpp"
#include "cmd/options.hpp"
#include "libtcp/trace/path_tracer.hpp"

namespace tcp::cmd {

// A target that was asked for; `error` when its name does not resolve.
struct PathTarget {
  TraceTarget target;
  std::optional<Error> error;
};

// One for each target, whose name may not resolve; as a whole an error when it is not permitted.
template <class Tracer, class Settings>
[[nodiscard]] Result<std::vector<Result<Tracer>>> open_tracers(const std::vector<PathTarget>& targets,
                                                               const Settings& settings) {
  std::vector<Result<Tracer>> tracers;
  for (const PathTarget& asked : targets) {
    if (asked.error) {
      tracers.push_back(std::unexpected(*asked.error));
      continue;
    }
    tracers.push_back(Tracer::open({*asked.target.address, asked.target.port}, settings));
    const auto& opened = tracers.back();
    if (!opened && opened.error().is(Errc::not_permitted)) return std::unexpected(opened.error());
  }
  return tracers;
}

class PathOptions {
 public:
  void define(CLI::App& app);
  // `timeout` and `targets` as given for a handshake; no timeout was given when it is empty.
  [[nodiscard]] Result<void> settle(std::size_t targets, const std::string& timeout);
  [[nodiscard]] bool wanted() const noexcept { return path_; }

  // Again and again, until interrupted.
  [[nodiscard]] bool watches() const noexcept { return interval_.has_value(); }

  // What the first segments look like.
  void set_shape(const trace::SynShape& shape) { settings_.shape = shape; }
  // Traces the path to each target in turn; drops all capabilities once sockets are open.
  [[nodiscard]] Result<ExitCode> run(Context& context, const std::vector<PathTarget>& targets,
                                     trace::Technique technique, Format format, bool numeric, TracePicture& picture);

 private:
  bool path_ = false;
  bool one_flow_ = false;
  std::string max_hops_word_;
  std::string queries_word_;
  std::string watch_word_;
  std::optional<Duration> interval_;  // of watching
  trace::PathSettings settings_;
};

}  // namespace tcp::cmd
