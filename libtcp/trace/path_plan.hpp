// SPDX-License-Identifier: MIT
// Which hop is probed when: all of them at once, spaced out, one flow after the other; none beyond the end of the path
// once that is known. No I/O and no clock.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/trace/path.hpp"

namespace tcp::trace {

struct PathPlanOptions {
  std::uint8_t max_hops = 30;
  std::uint32_t queries = 3;                      // a hop
  std::uint32_t flows = 3;                        // query q belongs to flow q % flows
  Duration pace = std::chrono::milliseconds(10);  // between two probes
  Duration timeout = std::chrono::seconds(2);     // for an answer
};

class PathPlan {
 public:
  struct Place {
    std::uint8_t hop = 0;
    std::uint32_t flow = 0;
  };

  PathPlan(const PathPlanOptions& options, MonotonicTime now);

  // A probe is known by its index.
  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
  [[nodiscard]] Place place(std::size_t probe) const { return {places_[probe].hop, places_[probe].flow}; }

  // The probe to send now; it counts as sent. Nothing when it is too early or all are sent.
  [[nodiscard]] std::optional<std::size_t> take_due(MonotonicTime now);
  // `end`: nothing goes farther in its flow.
  void answered(std::size_t probe, bool end, MonotonicTime now);
  // When something is to be done next; max() when nothing is.
  [[nodiscard]] MonotonicTime deadline(MonotonicTime now) const;
  // Everything is sent, and answered or given up.
  [[nodiscard]] bool finished(MonotonicTime now) const { return deadline(now) == MonotonicTime::max(); }

 private:
  enum class Stage : std::uint8_t { waiting, sent, answered };
  struct Entry {
    std::uint8_t hop = 0;
    std::uint32_t flow = 0;
    Stage stage = Stage::waiting;
    bool ended = false;
    MonotonicTime sent_at;
  };
  // What reaches the target in one flow has the same addresses and ports but another sequence number: one is let to end
  // before the next is sent.
  struct Flow {
    std::optional<std::uint8_t> end;
    MonotonicTime quiet_until;
    Duration round_trip{};
  };

  [[nodiscard]] std::uint8_t limit_of(std::uint32_t flow) const;
  [[nodiscard]] bool is_hop(std::uint32_t flow, std::uint8_t hop) const;
  [[nodiscard]] MonotonicTime earliest(const Entry& entry) const;

  PathPlanOptions options_;
  std::vector<Entry> places_;
  std::vector<Flow> flows_;
  std::optional<std::uint8_t> farthest_end_;
  MonotonicTime next_send_;
};

// What is known of a path before anything is sent: its probes stand in it by the plan's indexes.
[[nodiscard]] Path planned_path(const PathPlan& plan, const PathPlanOptions& options, const Endpoint& remote,
                                Technique technique, WallTime started);

}  // namespace tcp::trace
