// SPDX-License-Identifier: MIT
// Makes handshakes and watches them: crafted segments where that is permitted, the kernel's connect() otherwise.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/trace/active.hpp"
#include "libtcp/trace/handshake.hpp"
#include "libtcp/trace/network.hpp"

namespace tcp::trace {

struct TraceOptions {
  Technique technique = Technique::raw;
  Duration timeout = std::chrono::seconds(5);        // from the first SYN to the outcome
  Duration close_timeout = std::chrono::seconds(3);  // from the outcome to the peer's FIN
  std::optional<unsigned> syn_retries;               // absent: net.ipv4.tcp_syn_retries
  SynShape shape;                                    // connect: its MSS, TTL and DSCP only
  bool half_open = false;                            // raw
  std::vector<std::uint8_t> payload;                 // sent once it is established; at most kMostPayloadBytes
  std::optional<std::uint16_t> source_port;          // raw: of the first handshake, the others take the next ones
};

struct SeriesOptions {
  unsigned count = 1;                           // handshakes with each target
  Duration interval = std::chrono::seconds(1);  // from one start to the next
  bool flood = false;                           // the next one starts when the one before is decided
};

// Told when it is decided how a handshake came out; its connection may still be closing. False
// ends the series.
using SeriesObserver = std::function<bool(std::size_t target, const Handshake& handshake)>;

// Set by a signal handler; a trace then ends at once, politely.
using StopFlag = std::atomic<bool>;

class Tracer {
 public:
  // Opens all sockets for all targets. For the raw technique: routes, guarded ports, packet and raw sockets; afterwards
  // no capability is needed. What is wrong with one target (no route) waits for its run().
  // `probes`: how many handshakes with each target a series will have. Errors: not_permitted; the kernel's.
  [[nodiscard]] static Result<Tracer> open(const std::vector<Endpoint>& targets, const TraceOptions& options,
                                           unsigned probes = 1);

  Tracer(Tracer&&) noexcept;
  Tracer& operator=(Tracer&&) noexcept;
  ~Tracer();

  // One handshake with the target of that index. Blocks, at most the timeouts and a few round trips.
  [[nodiscard]] Handshake run(std::size_t index, const Clock& clock, const StopFlag& stop);

  // Handshakes with all targets, side by side.
  void run_series(const SeriesOptions& series, const Clock& clock, const StopFlag& stop,
                  const SeriesObserver& observer);

 private:
  struct Impl;
  explicit Tracer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Drives one crafted handshake over a network until it is finished.
[[nodiscard]] Handshake run_active(const ActiveOptions& options, Network& network, const Clock& clock,
                                   const StopFlag& stop);

}  // namespace tcp::trace
