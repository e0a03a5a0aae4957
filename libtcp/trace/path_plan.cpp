// SPDX-License-Identifier: MIT
#include "libtcp/trace/path_plan.hpp"

#include <algorithm>

namespace tcp::trace {

PathPlan::PathPlan(const PathPlanOptions& options, MonotonicTime now)
    : options_(options), flows_(std::max<std::uint32_t>(options.flows, 1)), next_send_(now) {
  for (Flow& flow : flows_) flow.quiet_until = now;
  for (std::uint32_t query = 0; query < options.queries; ++query) {
    for (unsigned hop = 1; hop <= options.max_hops; ++hop) {
      places_.push_back({.hop = static_cast<std::uint8_t>(hop),
                         .flow = query % static_cast<std::uint32_t>(flows_.size()),
                         .sent_at = now});
    }
  }
}

bool PathPlan::is_hop(std::uint32_t flow, std::uint8_t hop) const {
  return std::ranges::any_of(places_, [&](const Entry& entry) {
    return entry.flow == flow && entry.hop == hop && entry.stage == Stage::answered && !entry.ended;
  });
}

// A flow whose own end is not known is as long as the others until it shows to be longer.
std::uint8_t PathPlan::limit_of(std::uint32_t flow) const {
  if (flows_[flow].end) return *flows_[flow].end;
  if (!farthest_end_) return options_.max_hops;
  std::uint8_t limit = *farthest_end_;
  while (limit < options_.max_hops && is_hop(flow, limit)) ++limit;
  return limit;
}

// max(): not at all.
MonotonicTime PathPlan::earliest(const Entry& entry) const {
  if (entry.hop > limit_of(entry.flow)) return MonotonicTime::max();
  const Flow& flow = flows_[entry.flow];
  const bool reaches = flow.end && entry.hop >= *flow.end;
  return reaches ? std::max(next_send_, flow.quiet_until) : next_send_;
}

std::optional<std::size_t> PathPlan::take_due(MonotonicTime now) {
  if (now < next_send_) return std::nullopt;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    Entry& entry = places_[i];
    if (entry.stage != Stage::waiting || earliest(entry) > now) continue;
    entry.stage = Stage::sent;
    entry.sent_at = now;
    next_send_ = now + options_.pace;
    Flow& flow = flows_[entry.flow];
    if (flow.end && entry.hop >= *flow.end) flow.quiet_until = now + 2 * flow.round_trip + options_.pace;
    return i;
  }
  return std::nullopt;
}

void PathPlan::answered(std::size_t probe, bool end, MonotonicTime now) {
  Entry& entry = places_[probe];
  if (entry.stage != Stage::sent) return;
  entry.stage = Stage::answered;
  entry.ended = end;
  if (!end) return;
  Flow& flow = flows_[entry.flow];
  flow.round_trip = std::max(flow.round_trip, now - entry.sent_at);
  // What was sent beyond the end before it was known is still under way for one round trip.
  if (!flow.end) flow.quiet_until = now + 2 * flow.round_trip;
  flow.end = std::min(flow.end.value_or(entry.hop), entry.hop);
  farthest_end_ = std::max(farthest_end_.value_or(entry.hop), entry.hop);
}

MonotonicTime PathPlan::deadline(MonotonicTime now) const {
  MonotonicTime next = MonotonicTime::max();
  for (const Entry& entry : places_) {
    if (entry.stage == Stage::waiting) next = std::min(next, earliest(entry));
    const bool awaited = entry.stage == Stage::sent && entry.hop <= limit_of(entry.flow);
    const MonotonicTime given_up = entry.sent_at + options_.timeout;
    if (awaited && given_up > now) next = std::min(next, given_up);
  }
  return next;
}

Path planned_path(const PathPlan& plan, const PathPlanOptions& options, const Endpoint& remote, Technique technique,
                  WallTime started) {
  Path path;
  path.remote = remote;
  path.technique = technique;
  path.flows = options.flows;
  path.max_hops = options.max_hops;
  path.started = started;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    path.probes.push_back({.hop = plan.place(i).hop, .flow = plan.place(i).flow});
  }
  return path;
}

}  // namespace tcp::trace
