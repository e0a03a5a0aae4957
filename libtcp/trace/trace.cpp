// SPDX-License-Identifier: MIT
#include "libtcp/trace/trace.hpp"

#include <algorithm>
#include <fstream>
#include <random>

#include "libtcp/net/port_guard.hpp"
#include "libtcp/net/route.hpp"
#include "libtcp/trace/connect.hpp"
#include "libtcp/trace/raw_network.hpp"

namespace tcp::trace {
namespace {

constexpr std::uint32_t kTcpIpHeaders4 = 40;
constexpr std::uint32_t kTcpIpHeaders6 = 60;
constexpr std::uint32_t kLeastMss4 = 536;  // RFC 9293 §3.7.1
constexpr std::uint32_t kLeastMss6 = 1220;
constexpr std::uint32_t kLargestMss = 65495;  // what fits a 16-bit IP length
constexpr int kGuardAttempts = 8;

struct Plan {
  Endpoint remote;
  std::optional<Error> error;  // then nothing below is set
  net::Route route;
  std::optional<net::PortGuard> guard;
};

unsigned read_setting(const char* name, unsigned otherwise) {
  std::ifstream file(std::string("/proc/sys/net/ipv4/") + name);
  unsigned value = 0;
  return file >> value ? value : otherwise;
}

std::uint16_t mss_for(const Endpoint& remote, std::uint32_t mtu) {
  const bool v4 = remote.address.is_v4();
  const std::uint32_t headers = v4 ? kTcpIpHeaders4 : kTcpIpHeaders6;
  const std::uint32_t fits = mtu > headers ? mtu - headers : 0;
  return static_cast<std::uint16_t>(std::clamp(fits, v4 ? kLeastMss4 : kLeastMss6, kLargestMss));
}

// A port of our own; when the target is on this host it must not be the target's, or we would talk to ourselves.
Result<net::PortGuard> guard_port(const IpAddress& source, const Endpoint& remote) {
  std::vector<net::PortGuard> refused;
  for (int attempt = 0; attempt < kGuardAttempts; ++attempt) {
    TCP_TRY_ASSIGN(guard, net::PortGuard::hold({source, 0}));
    if (guard.first_port() != remote.port) return std::move(guard);
    refused.push_back(std::move(guard));
  }
  return make_error(Errc::not_found, "guard a port of " + to_string(source), "none is free");
}

Result<void> prepare(Plan& plan) {
  TCP_TRY_ASSIGN(route, net::find_route(plan.remote.address));
  plan.route = route;
  if (route.source.is_v6() && route.source.is_link_local()) {
    plan.route.source = route.source.with_scope(route.interface_index);
  }
  TCP_TRY_ASSIGN(guard, guard_port(plan.route.source, plan.remote));
  plan.guard = std::move(guard);
  return {};
}

std::vector<Plan> make_plans(const std::vector<Endpoint>& targets) {
  std::vector<Plan> plans;
  for (const Endpoint& remote : targets) {
    Plan& plan = plans.emplace_back();
    plan.remote = remote;
    if (auto prepared = prepare(plan); !prepared) plan.error = std::move(prepared).error();
  }
  return plans;
}

RawNetworkOptions network_options(const std::vector<Plan>& plans) {
  RawNetworkOptions options{.first_port = 65535, .last_port = 0};
  for (const Plan& plan : plans) {
    if (!plan.guard) continue;
    options.first_port = std::min(options.first_port, plan.guard->first_port());
    options.last_port = std::max(options.last_port, plan.guard->last_port());
    (plan.remote.address.is_v4() ? options.v4 : options.v6) = true;
  }
  return options;
}

ActiveOptions active_options(const Plan& plan, const TraceOptions& options) {
  std::random_device random;
  ActiveOptions active;
  active.tuple = {{plan.route.source, plan.guard->first_port()}, plan.remote};
  active.initial_sequence = random();
  active.probe_acknowledgment = random();
  active.timestamp_base = random();
  active.flow_label = random() & 0xfffff;
  active.first_identification = static_cast<std::uint16_t>(random() | 1);
  active.route_mss = mss_for(plan.remote, plan.route.mtu);
  active.linear_timeouts = read_setting("tcp_syn_linear_timeouts", active.linear_timeouts);
  active.syn_retries = options.syn_retries.value_or(read_setting("tcp_syn_retries", active.syn_retries));
  active.timeout = options.timeout;
  active.close_timeout = options.close_timeout;
  return active;
}

Handshake failed(const Plan& plan, Technique technique) {
  Handshake handshake;
  handshake.tuple = {{IpAddress::any(plan.remote.address.family()), 0}, plan.remote};
  handshake.technique = technique;
  handshake.failure = plan.error;
  return handshake;
}

}  // namespace

struct Tracer::Impl {
  TraceOptions options;
  std::vector<Plan> plans;  // raw
  std::optional<RawNetwork> network;
  std::vector<Endpoint> targets;  // connect
};

Tracer::Tracer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tracer::Tracer(Tracer&&) noexcept = default;
Tracer& Tracer::operator=(Tracer&&) noexcept = default;
Tracer::~Tracer() = default;

Result<Tracer> Tracer::open(const std::vector<Endpoint>& targets, const TraceOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  impl->targets = targets;
  if (options.technique == Technique::raw) {
    impl->plans = make_plans(targets);
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
  const Plan& plan = impl_->plans[index];
  if (plan.error) return failed(plan, Technique::raw);
  return run_active(active_options(plan, impl_->options), *impl_->network, clock, stop);
}

}  // namespace tcp::trace
