// SPDX-License-Identifier: MIT
// Finds the path MTU in a connection of its own: a crafted handshake, then segments of old sequence numbers, which a
// peer acknowledges and never hands to its application (RFC 9293 §3.10.7.4), then an orderly close.
#pragma once

#include "libtcp/trace/path_network.hpp"
#include "libtcp/trace/pmtu.hpp"
#include "libtcp/trace/syn_shape.hpp"
#include "libtcp/trace/trace.hpp"

namespace tcp::trace {

struct PathMtuOptions {
  FourTuple tuple;
  SynShape shape;
  std::uint16_t route_mss = 1460;
  std::uint32_t local_mtu = 1500;
  std::uint32_t initial_sequence = 0;
  std::uint32_t timestamp_base = 0;
  std::uint16_t first_identification = 1;
  std::uint32_t flow_label = 0;
  Duration timeout = std::chrono::seconds(5);        // for the handshake
  Duration close_timeout = std::chrono::seconds(3);  // from our FIN to theirs
};

[[nodiscard]] PathMtu run_pmtu(const PathMtuOptions& options, PathNetwork& network, const Clock& clock,
                               const StopFlag& stop);

// What the kernel believes of a connection of its own (IP_MTU); nothing large is sent for it. Of
// the shape the MSS, the TTL and the DSCP can be had.
[[nodiscard]] PathMtu run_pmtu_connect(const Endpoint& remote, const SynShape& shape, Duration timeout,
                                       const Clock& clock, const StopFlag& stop);

// Opens what the technique needs, runs it once; all capabilities may be dropped after open().
class PathMtuTracer {
 public:
  struct Settings {
    Technique technique = Technique::raw;
    SynShape shape;
    Duration timeout = std::chrono::seconds(5);
    Duration close_timeout = std::chrono::seconds(3);
  };
  [[nodiscard]] static Result<PathMtuTracer> open(const Endpoint& remote, const Settings& settings);
  PathMtuTracer(PathMtuTracer&&) noexcept;
  PathMtuTracer& operator=(PathMtuTracer&&) noexcept;
  ~PathMtuTracer();
  [[nodiscard]] PathMtu run(const Clock& clock, const StopFlag& stop);

 private:
  struct Impl;
  explicit PathMtuTracer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tcp::trace
