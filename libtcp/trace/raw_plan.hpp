// SPDX-License-Identifier: MIT
// How each target is reached by crafted segments: its route, and the source ports that are held for it.
#pragma once

#include <optional>
#include <vector>

#include "libtcp/net/port_guard.hpp"
#include "libtcp/net/route.hpp"
#include "libtcp/trace/raw_network.hpp"
#include "libtcp/trace/trace.hpp"

namespace tcp::trace {

struct RawPlan {
  Endpoint remote;
  std::optional<Error> error;  // then nothing below is set
  net::Route route;
  std::optional<net::PortGuard> guard;
};

// `probes`: how many handshakes with each target there will be; so many ports are held, within reason.
[[nodiscard]] std::vector<RawPlan> make_raw_plans(const std::vector<Endpoint>& targets, const TraceOptions& options,
                                                  unsigned probes);
[[nodiscard]] RawNetworkOptions network_options(const std::vector<RawPlan>& plans);

// What all handshakes of a run have in common, so that a port that is used again continues where it was: the peer may
// remember its last connection (RFC 6191).
struct RawClock {
  std::uint32_t timestamp_base = 0;
  MonotonicTime started;
};

[[nodiscard]] ActiveOptions active_options(const RawPlan& plan, const TraceOptions& options, std::uint16_t local_port,
                                           const RawClock& clock, MonotonicTime now);
// A target that cannot be reached.
[[nodiscard]] Handshake failed_handshake(const RawPlan& plan);

}  // namespace tcp::trace
