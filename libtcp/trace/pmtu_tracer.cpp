// SPDX-License-Identifier: MIT
#include <random>

#include "libtcp/trace/path_ground.hpp"
#include "libtcp/trace/run_pmtu.hpp"

namespace tcp::trace {

struct PathMtuTracer::Impl {
  Endpoint remote;
  Settings settings;
  std::optional<PathGround> ground;  // raw
};

PathMtuTracer::PathMtuTracer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PathMtuTracer::PathMtuTracer(PathMtuTracer&&) noexcept = default;
PathMtuTracer& PathMtuTracer::operator=(PathMtuTracer&&) noexcept = default;
PathMtuTracer::~PathMtuTracer() = default;

Result<PathMtuTracer> PathMtuTracer::open(const Endpoint& remote, const Settings& settings) {
  auto impl = std::make_unique<Impl>();
  impl->remote = remote;
  impl->settings = settings;
  if (settings.technique == Technique::raw) {
    TCP_TRY_ASSIGN(ground, open_path_ground(remote, 1));
    impl->ground.emplace(std::move(ground));
  }
  return PathMtuTracer(std::move(impl));
}

PathMtu PathMtuTracer::run(const Clock& clock, const StopFlag& stop) {
  if (!impl_->ground)
    return run_pmtu_connect(impl_->remote, impl_->settings.shape, impl_->settings.timeout, clock, stop);
  std::random_device random;
  PathMtuOptions options;
  options.tuple = {{impl_->ground->route.source, impl_->ground->guard.first_port()}, impl_->remote};
  options.shape = impl_->settings.shape;
  options.route_mss = impl_->ground->mss();
  options.local_mtu = std::min<std::uint32_t>(impl_->ground->route.mtu, 65535);
  options.initial_sequence = random();
  options.timestamp_base = random();
  options.first_identification = static_cast<std::uint16_t>(random() | 1);
  options.flow_label = random() & 0xfffff;
  options.timeout = impl_->settings.timeout;
  options.close_timeout = impl_->settings.close_timeout;
  return run_pmtu(options, impl_->ground->network, clock, stop);
}

}  // namespace tcp::trace
