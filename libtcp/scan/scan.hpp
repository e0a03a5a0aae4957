// SPDX-License-Identifier: MIT
// The scan: probes leave as fast as the way bears it, answers become results, and it ends by itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/scan/checkpoint.hpp"
#include "libtcp/scan/congestion_controller.hpp"
#include "libtcp/scan/host_note.hpp"
#include "libtcp/scan/host_set.hpp"
#include "libtcp/scan/network.hpp"
#include "libtcp/scan/prober.hpp"

namespace tcp::scan {

struct ScanOptions {
  ProbeSpace space;
  const Technique* technique = nullptr;  // a row of techniques()
  std::string manner;  // what probes look like and which way they take: a checkpoint is good for the same one only
  Timing timing;
  RateBounds rates;
  std::optional<std::uint64_t> exact_rate;  // probes a second, whatever comes back
  std::uint64_t seed = 0;                   // of the order
  Shard shard;
  const Checkpoint* resume = nullptr;        // where an earlier run of the same scan ended; for as long as run() takes
  std::optional<Duration> checkpoint_every;  // on_checkpoint() is called at the start, so often, and at the end
  bool open_only = false;                    // nothing but open ports is of interest
  // Targets that are not probed, for as long as run() takes, in which others may be added; null: none. The order, the
  // shards and the checkpoints are those of all targets.
  const LeftOut* left_out = nullptr;
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
  bool discovery = false;       // of the search for hosts that are alive; its pairs are of an address and a question
};

// Is told everything on the thread of run().
class Observer {
 public:
  virtual ~Observer() = default;
  // As soon as it is known; "filtered" for silence is known at the end.
  virtual void on_result(const PortResult& result) = 0;
  // What is worth knowing of a host as a whole: a limit when it shows, the rest at the end.
  virtual void on_host_note(const HostNote& /*note*/) {}
  // Some five times a second.
  virtual void on_progress(const Progress& /*progress*/) {}
  virtual void on_checkpoint(const Checkpoint& /*checkpoint*/) {}
  // Asked often: from the first true no probe leaves, and what is known is reported.
  [[nodiscard]] virtual bool stop_requested() { return false; }
};

struct ScanSummary {
  ProbeCounts counts;
  std::optional<Duration> longest_rtt;  // the largest smoothed RTT of any target
  std::optional<Duration> median_rtt;
  std::optional<Duration> slow_rtt;  // 99 of 100 answers came sooner
  double rate = 0;                   // probes a second, from the first to the last
  std::optional<double> loss;        // share of tries without an answer where a later one had one; nothing when a try
                                     // was all a port got, or none answered
  std::optional<double> confidence;  // that a port that answers is not called filtered; nothing without such a loss
  unsigned tries = 0;                // that a silent pair got in the end
  std::uint64_t rst_limited_hosts = 0;
  std::uint64_t answers_lost = 0;  // came, and found no room in this host's buffers
  Duration elapsed{};
  bool complete = true;  // false when it was stopped
};

// Blocks until the scan has ended. Errors: those of the network, and a send queue that never empties.
[[nodiscard]] Result<ScanSummary> run(const ScanOptions& options, const Clock& clock, Network& network,
                                      Observer& observer);

}  // namespace tcp::scan
