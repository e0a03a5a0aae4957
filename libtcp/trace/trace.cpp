// SPDX-License-Identifier: MIT
#include "libtcp/trace/trace.hpp"

#include <random>

#include "libtcp/trace/connect.hpp"
#include "libtcp/trace/raw_network.hpp"
#include "libtcp/trace/raw_plan.hpp"
#include "libtcp/trace/series.hpp"

namespace tcp::trace {

struct Tracer::Impl {
  TraceOptions options;
  std::vector<RawPlan> plans;  // raw
  std::optional<RawNetwork> network;
  std::vector<Endpoint> targets;  // connect
};

Tracer::Tracer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tracer::Tracer(Tracer&&) noexcept = default;
Tracer& Tracer::operator=(Tracer&&) noexcept = default;
Tracer::~Tracer() = default;

Result<Tracer> Tracer::open(const std::vector<Endpoint>& targets, const TraceOptions& options, unsigned probes) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->targets = targets;
  if (options.technique == Technique::raw) {
    impl->plans = make_raw_plans(targets, options, probes);
    const RawNetworkOptions network_settings = network_options(impl->plans);
    if (network_settings.first_port <= network_settings.last_port) {  // some target has a route
      TCP_TRY_ASSIGN(network, RawNetwork::open(network_settings));
      impl->network = std::move(network);
    }
  }
  return Tracer(std::move(impl));
}

Handshake Tracer::run(std::size_t index, const Clock& clock, const StopFlag& stop) {
  if (impl_->options.technique == Technique::connect) {
    return run_connect(impl_->targets[index], impl_->options, clock, stop);
  }
  const RawPlan& plan = impl_->plans[index];
  if (plan.error) return failed_handshake(plan);
  const MonotonicTime now = clock.now();
  const RawClock raw_clock{std::random_device()(), now};
  const ActiveOptions active = active_options(plan, impl_->options, plan.guard->first_port(), raw_clock, now);
  return run_active(active, *impl_->network, clock, stop);
}

void Tracer::run_series(const SeriesOptions& series, const Clock& clock, const StopFlag& stop,
                        const SeriesObserver& observer) {
  if (impl_->options.technique == Technique::connect) {
    run_connect_series(impl_->targets, impl_->options, series, clock, stop, observer);
    return;
  }
  if (impl_->network) {
    RawSeries(impl_->plans, impl_->options, series, *impl_->network, clock).run(stop, observer);
    return;
  }
  for (std::size_t i = 0; i < impl_->plans.size(); ++i) {
    if (!observer(i, failed_handshake(impl_->plans[i]))) return;
  }
}

}  // namespace tcp::trace
