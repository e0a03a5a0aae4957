// SPDX-License-Identifier: MIT
// The scan: probes leave at the rate, answers become results, and it ends by itself.
#pragma once

#include <cstdint>
#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/scan/host_note.hpp"
#include "libtcp/scan/network.hpp"
#include "libtcp/scan/prober.hpp"

namespace tcp::scan {

inline constexpr std::uint64_t kDefaultRate = 10'000;  // probes a second: 6 Mbit/s, and no strain on a home router
inline constexpr std::uint64_t kHighestRate = 100'000'000;

struct ScanOptions {
  ProbeSpace space;
  const Technique* technique = nullptr;  // a row of techniques()
  Timing timing;
  std::uint64_t rate = kDefaultRate;  // probes a second
  std::uint64_t seed = 0;             // of the order
};

// How far a scan is.
struct Progress {
  std::uint64_t pairs = 0;
  std::uint64_t pairs_done = 0;  // decided, or silent often enough
  std::uint64_t probes_sent = 0;
  double rate = 0;  // probes a second, of late
  std::optional<double> loss;
  std::uint64_t open = 0;
  Duration elapsed{};
  std::optional<Duration> eta;  // until the end, at the pace so far
};

// Is told everything on the thread of run().
class Observer {
 public:
  virtual ~Observer() = default;
  // As soon as it is known; "filtered" for silence is known at the end.
  virtual void on_result(const PortResult& result) = 0;
  virtual void on_host_note(const HostNote& /*note*/) {}
  // Some five times a second.
  virtual void on_progress(const Progress& /*progress*/) {}
  // Asked often: from the first true no probe leaves, and what is known is reported.
  [[nodiscard]] virtual bool stop_requested() { return false; }
};

struct ScanSummary {
  ProbeCounts counts;
  std::optional<Duration> longest_rtt;  // the largest smoothed RTT of any target
  std::uint64_t answers_lost = 0;       // came, and found no room in this host's buffers
  Duration elapsed{};
  bool complete = true;  // false when it was stopped
};

// Blocks until the scan has ended. Errors: those of the network, and a send queue that never empties.
[[nodiscard]] Result<ScanSummary> run(const ScanOptions& options, const Clock& clock, Network& network,
                                      Observer& observer);

}  // namespace tcp::scan
