// SPDX-License-Identifier: MIT
#include "libtcp/trace/path_changes.hpp"

#include <algorithm>
#include <map>

namespace tcp::trace {
namespace {

// What a hop's quote says of one field.
struct State {
  bool changed = false;
  std::string value;
};

bool same_state(Field field, const State& a, const State& b) {
  if (a.changed != b.changed) return false;
  return !a.changed || is_of_one_probe(field) || a.value == b.value;
}

// The first quote of each hop in a flow.
std::map<std::uint8_t, const PathProbe*> quotes_of(const Path& path, std::uint32_t flow) {
  std::map<std::uint8_t, const PathProbe*> quotes;
  for (const PathProbe& probe : path.probes) {
    if (probe.flow == flow && probe.reply && probe.reply->quoted_bytes) quotes.emplace(probe.hop, &probe);
  }
  return quotes;
}

std::vector<PathChange> follow(const std::map<std::uint8_t, const PathProbe*>& quotes, Field field) {
  std::vector<PathChange> changes;
  State before;
  std::uint8_t last = 0;
  for (const auto& [hop, probe] : quotes) {
    const auto& sent = probe->fields[field];
    const auto& seen = probe->reply->seen[field];
    if (!sent || !seen) continue;
    const State now{differs(field, probe->fields, probe->reply->seen), *seen};
    if (!same_state(field, before, now)) {
      changes.push_back({field, before.changed ? before.value : *sent, now.value, last, hop, 1});
    }
    before = now;
    last = hop;
  }
  return changes;
}

bool same_change(const PathChange& a, const PathChange& b) {
  if (a.field != b.field) return false;
  const bool overlap = std::max(a.last_without, b.last_without) < std::min(a.first_with, b.first_with);
  return overlap && (is_of_one_probe(a.field) || (a.before == b.before && a.after == b.after));
}

// Flows that agree make the interval narrower.
void merge(std::vector<PathChange>& changes, const PathChange& change) {
  const auto known = std::ranges::find_if(changes, [&](const PathChange& c) { return same_change(c, change); });
  if (known == changes.end()) {
    changes.push_back(change);
    return;
  }
  known->last_without = std::max(known->last_without, change.last_without);
  known->first_with = std::min(known->first_with, change.first_with);
  ++known->flows;
}

}  // namespace

std::vector<PathChange> locate_changes(const Path& path) {
  std::vector<PathChange> changes;
  for (std::uint32_t flow = 0; flow < path.flows; ++flow) {
    const auto quotes = quotes_of(path, flow);
    for (std::size_t i = 0; i < kFieldCount; ++i) {
      for (const PathChange& change : follow(quotes, static_cast<Field>(i))) merge(changes, change);
    }
  }
  std::ranges::stable_sort(changes, {}, [](const PathChange& c) { return std::tuple(c.first_with, c.field); });
  return changes;
}

}  // namespace tcp::trace
