// SPDX-License-Identifier: MIT
#include "libtcp/trace/path_tracer.hpp"

#include <algorithm>
#include <random>

#include "libtcp/trace/path_connect.hpp"
#include "libtcp/trace/path_ground.hpp"
#include "libtcp/trace/run_path.hpp"

namespace tcp::trace {
namespace {

PathPlanOptions plan_options(const PathSettings& settings) {
  PathPlanOptions plan;
  plan.max_hops = settings.max_hops;
  plan.queries = settings.queries;
  plan.flows = settings.one_flow ? 1 : settings.queries;
  plan.timeout = settings.timeout;
  return plan;
}

}  // namespace

struct PathTracer::Impl {
  Endpoint remote;
  PathSettings settings;
  std::optional<PathGround> ground;  // raw
  std::uint32_t flow_label = 0;      // the same in all rounds: a flow is to stay the one it was
};

PathTracer::PathTracer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PathTracer::PathTracer(PathTracer&&) noexcept = default;
PathTracer& PathTracer::operator=(PathTracer&&) noexcept = default;
PathTracer::~PathTracer() = default;

Result<PathTracer> PathTracer::open(const Endpoint& remote, const PathSettings& settings) {
  auto impl = std::make_unique<Impl>();
  impl->remote = remote;
  impl->settings = settings;
  if (settings.technique == Technique::raw) {
    const std::uint32_t flows = plan_options(settings).flows;
    TCP_TRY_ASSIGN(ground, open_path_ground(remote, static_cast<std::uint16_t>(flows)));
    impl->ground.emplace(std::move(ground));
    impl->flow_label = std::random_device{}() & 0xfffff;
  }
  return PathTracer(std::move(impl));
}

Path PathTracer::run(const Clock& clock, const StopFlag& stop) {
  const PathPlanOptions plan = plan_options(impl_->settings);
  if (!impl_->ground) return run_path_connect(impl_->remote, plan, impl_->settings.shape, clock, stop);
  std::random_device random;
  PathProbesOptions probes;
  probes.remote = impl_->remote;
  probes.local = impl_->ground->route.source;
  probes.first_port = impl_->ground->guard.first_port();
  probes.shape = impl_->settings.shape;
  probes.route_mss = impl_->ground->mss();
  probes.flow_label = impl_->flow_label;
  probes.timestamp_base = random();
  probes.random = [&random] { return static_cast<std::uint32_t>(random()); };
  return run_path(plan, probes, impl_->ground->network, clock, stop);
}

}  // namespace tcp::trace
