// SPDX-License-Identifier: MIT
#include "libtcp/trace/raw_plan.hpp"

#include <algorithm>
#include <bit>
#include <fstream>
#include <random>

#include "libtcp/trace/route_ground.hpp"

namespace tcp::trace {
namespace {

constexpr std::size_t kMostGuardedPorts = 512;  // of all targets: each is a descriptor
constexpr std::size_t kMostPortsATarget = 128;

unsigned read_setting(const char* name, unsigned otherwise) {
  std::ifstream file(std::string("/proc/sys/net/ipv4/") + name);
  unsigned value = 0;
  return file >> value ? value : otherwise;
}

// Linux's: what the largest receive buffer needs in a window of 16 bits, at most 14 (tcp_select_initial_window).
std::uint8_t host_window_shift() {
  std::ifstream buffers("/proc/sys/net/ipv4/tcp_rmem");
  std::ifstream limit("/proc/sys/net/core/rmem_max");
  std::uint64_t least = 0;
  std::uint64_t usual = 0;
  std::uint64_t most = 0;
  std::uint64_t most_asked_for = 0;
  if (!(buffers >> least >> usual >> most)) return kUsualWindowShift;
  limit >> most_asked_for;
  const auto bits = static_cast<int>(std::bit_width(std::max(most, most_asked_for)));
  return static_cast<std::uint8_t>(std::clamp(bits - 16, 0, 14));
}

// `first_port`: 0 for any.
Result<void> prepare(RawPlan& plan, std::uint16_t first_port, std::uint16_t count) {
  TCP_TRY_ASSIGN(route, find_route_with_zone(plan.remote.address));
  plan.route = route;
  auto guard = first_port == 0 ? guard_ports(plan.route.source, plan.remote, count)
                               : net::PortGuard::hold_ports(plan.route.source, first_port, count);
  if (!guard) return std::unexpected(std::move(guard).error());
  plan.guard = std::move(*guard);
  return {};
}

}  // namespace

std::vector<RawPlan> make_raw_plans(const std::vector<Endpoint>& targets, const TraceOptions& options,
                                    unsigned probes) {
  const std::size_t each =
      std::clamp<std::size_t>(kMostGuardedPorts / std::max<std::size_t>(targets.size(), 1), 1, kMostPortsATarget);
  const auto count = static_cast<std::uint16_t>(std::clamp<std::size_t>(probes, 1, each));
  std::vector<RawPlan> plans;
  for (const Endpoint& remote : targets) {
    const auto before = static_cast<std::uint32_t>(plans.size() * count);
    const std::uint32_t first = options.source_port ? *options.source_port + before : 0;
    RawPlan& plan = plans.emplace_back();
    plan.remote = remote;
    Result<void> prepared = first + count > 65536
                                ? usage_error("--source-port", "not enough ports above it for all targets")
                                : prepare(plan, static_cast<std::uint16_t>(first), count);
    if (!prepared) plan.error = std::move(prepared).error();
  }
  return plans;
}

RawNetworkOptions network_options(const std::vector<RawPlan>& plans) {
  RawNetworkOptions options{.first_port = 65535, .last_port = 0};
  for (const RawPlan& plan : plans) {
    if (!plan.guard) continue;
    options.first_port = std::min(options.first_port, plan.guard->first_port());
    options.last_port = std::max(options.last_port, plan.guard->last_port());
    (plan.remote.address.is_v4() ? options.v4 : options.v6) = true;
  }
  return options;
}

ActiveOptions active_options(const RawPlan& plan, const TraceOptions& options, std::uint16_t local_port,
                             const RawClock& clock, MonotonicTime now) {
  std::random_device random;
  ActiveOptions active;
  active.tuple = {{plan.route.source, local_port}, plan.remote};
  active.initial_sequence = random();
  active.probe_acknowledgment = random();
  active.timestamp_base =
      clock.timestamp_base +
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now - clock.started).count());
  active.flow_label = random() & 0xfffff;
  active.first_identification = static_cast<std::uint16_t>(random() | 1);
  active.route_mss = mss_of_route(plan.remote, plan.route.mtu);
  active.shape = options.shape;
  if (!active.shape.window_shift) active.shape.window_shift = host_window_shift();
  active.payload = options.payload;
  active.half_open = options.half_open;
  active.linear_timeouts = read_setting("tcp_syn_linear_timeouts", active.linear_timeouts);
  active.syn_retries = options.syn_retries.value_or(read_setting("tcp_syn_retries", active.syn_retries));
  active.timeout = options.timeout;
  active.close_timeout = options.close_timeout;
  return active;
}

Handshake failed_handshake(const RawPlan& plan) {
  Handshake handshake;
  handshake.tuple = {{IpAddress::any(plan.remote.address.family()), 0}, plan.remote};
  handshake.technique = Technique::raw;
  handshake.failure = plan.error;
  return handshake;
}

}  // namespace tcp::trace
