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
void PathStatistics::compare(const Hop& hop, WallTime time) {
  std::vector<IpAddress> now;
  for (const HopAddress& address : hop.addresses) now.push_back(address.address);
  if (now.empty()) return;
  std::vector<IpAddress>& before = latest_[hop.number - 1U];
  const bool common = std::ranges::any_of(
      now, [&](const IpAddress& address) { return std::ranges::find(before, address) != before.end(); });
  if (!before.empty() && !common) {
    changes_.push_back({time, hop.number, before, now});
    if (changes_.size() > kMostChanges) {
      changes_.pop_front();
      ++omitted_;
    }
  }
  before = std::move(now);
}

void PathStatistics::add(const Path& path) {
  ++rounds_;
  for (const Hop& hop : summarize(path)) {
    while (hops_.size() < hop.number) {
      hops_.emplace_back();
      hops_.back().number = static_cast<std::uint8_t>(hops_.size());
      sums_.emplace_back();
      latest_.emplace_back();
    }
    compare(hop, path.started);
    add_hop(hops_[hop.number - 1U], sums_[hop.number - 1U], hop);
  }
}

}  // namespace tcp::trace
