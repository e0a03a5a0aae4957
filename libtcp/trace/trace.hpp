// SPDX-License-Identifier: MIT
// Makes handshakes and watches them: crafted segments where that is permitted, the kernel's connect() otherwise.
#pragma once

#include <atomic>
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
};

// Set by a signal handler; a trace then ends at once, politely.
using StopFlag = std::atomic<bool>;

class Tracer {
 public:
  // Opens all sockets for all targets. For the raw technique: routes, guarded ports, packet and raw sockets; afterwards
  // no capability is needed. What is wrong with one target (no route) waits for its run().
  // Errors: not_permitted; the kernel's.
  [[nodiscard]] static Result<Tracer> open(const std::vector<Endpoint>& targets, const TraceOptions& options);

  Tracer(Tracer&&) noexcept;
  Tracer& operator=(Tracer&&) noexcept;
  ~Tracer();

  // One handshake with the target of that index. Blocks, at most the timeouts and a few round trips.
  [[nodiscard]] Handshake run(std::size_t index, const Clock& clock, const StopFlag& stop);

 private:
  struct Impl;
  explicit Tracer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Drives one crafted handshake over a network until it is finished.
[[nodiscard]] Handshake run_active(const ActiveOptions& options, Network& network, const Clock& clock,
                                   const StopFlag& stop);

}  // namespace tcp::trace
