// SPDX-License-Identifier: MIT
#include "libtcp/trace/path_statistics.hpp"

#include <algorithm>

namespace tcp::trace {
namespace {

constexpr std::size_t kMostAddresses = 64;  // of a hop
constexpr std::size_t kMostChanges = 100;

void add_addresses(Hop& sum, const Hop& round) {
  for (const HopAddress& address : round.addresses) {
    const auto known = std::ranges::find(sum.addresses, address.address, &HopAddress::address);
    if (known != sum.addresses.end()) {
      known->answers += address.answers;
    } else if (sum.addresses.size() < kMostAddresses) {
      sum.addresses.push_back(address);
    }
  }
}

void add_round_trips(Hop& sum, Duration& total, const Hop& round) {
  if (!round.average) return;
  total += *round.average * round.answered;
  sum.shortest = std::min(sum.shortest.value_or(*round.shortest), *round.shortest);
  sum.longest = std::max(sum.longest.value_or(*round.longest), *round.longest);
  sum.last = round.last;
  sum.average = total / sum.answered;
}

void add_hop(Hop& sum, Duration& total, const Hop& round) {
  sum.sent += round.sent;
  sum.answered += round.answered;
  add_addresses(sum, round);
  add_round_trips(sum, total, round);
  for (const PathAnswer answer : round.answers) {
    if (std::ranges::find(sum.answers, answer) == sum.answers.end()) sum.answers.push_back(answer);
  }
  if (round.rejection) sum.rejection = round.rejection;
  if (!round.labels.empty()) sum.labels = round.labels;
  if (round.quoted_ttl) sum.quoted_ttl = std::max(sum.quoted_ttl.value_or(0), *round.quoted_ttl);
  if (round.quoted_bytes) sum.quoted_bytes = std::max(sum.quoted_bytes.value_or(0), *round.quoted_bytes);
}

}  // namespace

// Several at once are balancing, not a change; only when none is left that was there before did the route move.
void PathStatistics::compare(Place place, std::vector<IpAddress> now, WallTime time) {
  std::vector<IpAddress>& before = latest_[place];
  const bool common = std::ranges::any_of(
      now, [&](const IpAddress& address) { return std::ranges::find(before, address) != before.end(); });
  if (!before.empty() && !common) note_change({time, place.second, before, now});
  before = std::move(now);
}

// Flows that moved alike are one change.
void PathStatistics::note_change(const RouteChange& change) {
  const auto known = std::ranges::any_of(changes_, [&](const RouteChange& c) {
    return c.time == change.time && c.hop == change.hop && c.before == change.before && c.after == change.after;
  });
  if (known) return;
  changes_.push_back(change);
  if (changes_.size() > kMostChanges) {
    changes_.pop_front();
    ++omitted_;
  }
}

void PathStatistics::compare(const Path& path, std::size_t hops) {
  if (path.technique == Technique::connect) return;
  std::map<Place, std::vector<IpAddress>> answered;
  for (const PathProbe& probe : path.probes) {
    if (!probe.reply || probe.hop == 0 || probe.hop > hops) continue;
    std::vector<IpAddress>& addresses = answered[{probe.flow, probe.hop}];
    if (std::ranges::find(addresses, probe.reply->sender) == addresses.end()) addresses.push_back(probe.reply->sender);
  }
  for (auto& [place, addresses] : answered) compare(place, std::move(addresses), path.started);
}

void PathStatistics::add(const Path& path) {
  ++rounds_;
  const std::vector<Hop> hops = summarize(path);
  for (const Hop& hop : hops) {
    while (hops_.size() < hop.number) {
      hops_.emplace_back();
      hops_.back().number = static_cast<std::uint8_t>(hops_.size());
      sums_.emplace_back();
    }
    add_hop(hops_[hop.number - 1U], sums_[hop.number - 1U], hop);
  }
  compare(path, hops.size());
}

}  // namespace tcp::trace
