// SPDX-License-Identifier: MIT
// Many handshakes with several targets, side by side: each target has a rhythm of its own, and no target waits for
// another.
#pragma once

#include <span>
#include <vector>

#include "libtcp/trace/raw_plan.hpp"

namespace tcp::trace {

class RawSeries {
 public:
  RawSeries(std::span<const RawPlan> plans, const TraceOptions& options, const SeriesOptions& series,
            SharedNetwork& network, const Clock& clock);
  ~RawSeries();
  RawSeries(const RawSeries&) = delete;
  RawSeries& operator=(const RawSeries&) = delete;

  void run(const StopFlag& stop, const SeriesObserver& observer);

 private:
  struct Probe;
  struct Target;

  void start_due(const SeriesObserver& observer);
  void start(std::size_t index, Target& target, const SeriesObserver& observer);
  [[nodiscard]] MonotonicTime deadline() const;
  void receive();
  void stop_all();
  void report(const SeriesObserver& observer);
  [[nodiscard]] bool finished() const;

  std::span<const RawPlan> plans_;
  const TraceOptions& options_;
  SeriesOptions series_;
  SharedNetwork& network_;
  const Clock& clock_;
  RawClock raw_clock_;
  bool wanted_ = true;  // by the observer
  std::vector<Target> targets_;
  std::vector<Probe> probes_;      // under way
  std::vector<FourTuple> tuples_;  // theirs, in the same order
};

// By the kernel's connect(): a thread for each target. The observer is called by one of them at a time.
void run_connect_series(const std::vector<Endpoint>& targets, const TraceOptions& options, const SeriesOptions& series,
                        const Clock& clock, const StopFlag& stop, const SeriesObserver& observer);

}  // namespace tcp::trace
