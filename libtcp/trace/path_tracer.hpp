// SPDX-License-Identifier: MIT
// Finds the path to one target: crafted SYNs where that is permitted, the kernel's connect() with small TTLs otherwise.
#pragma once

#include <memory>
#include <optional>

#include "libtcp/trace/path.hpp"
#include "libtcp/trace/path_network.hpp"
#include "libtcp/trace/path_plan.hpp"
#include "libtcp/trace/syn_shape.hpp"
#include "libtcp/trace/trace.hpp"

namespace tcp::trace {

struct PathSettings {
  Technique technique = Technique::raw;
  std::uint8_t max_hops = 30;
  std::uint32_t queries = 3;
  bool one_flow = false;  // all probes have the same addresses and ports, so that a balancer sends them one way
  Duration timeout = std::chrono::seconds(2);  // for the answer to one probe
  SynShape shape;
};

class PathTracer {
 public:
  // Opens all sockets: route, guarded ports, packet and raw socket; afterwards no capability is needed.
  // Errors: not_permitted; the kernel's.
  [[nodiscard]] static Result<PathTracer> open(const Endpoint& remote, const PathSettings& settings);

  PathTracer(PathTracer&&) noexcept;
  PathTracer& operator=(PathTracer&&) noexcept;
  ~PathTracer();

  // Once over the whole path; again and again if wanted.
  [[nodiscard]] Path run(const Clock& clock, const StopFlag& stop);

 private:
  struct Impl;
  explicit PathTracer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tcp::trace
