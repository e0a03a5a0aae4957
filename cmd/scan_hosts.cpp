// SPDX-License-Identifier: MIT
#include "cmd/scan_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tcp::cmd {
namespace {

using scan::PortState;

constexpr std::size_t kMostListed = 10;         // closed or filtered ports of a host; more are summed up
constexpr std::size_t kMostReasons = 3;         // in a sum
constexpr std::size_t kMostReasonKinds = 64;    // remembered: an attacker chooses the senders of ICMP errors
constexpr std::size_t kMostHostsInFull = 4096;  // beyond, hosts are kept for what may be open on them

// Thousands that stay silent are no list to read.
bool is_listed_whole(PortState state) { return state == PortState::open || state == PortState::error; }

}  // namespace

void ScanGroup::add(const scan::PortResult& result, bool keep_row) {
  ++count;
  std::string explanation = explain(result);
  const auto known = reasons.find(explanation);
  if (known != reasons.end()) {
    ++known->second;
  } else if (reasons.size() < kMostReasonKinds) {
    reasons.emplace(explanation, 1);
  }
  if (!keep_row) {
    rows = {};
    return;
  }
  rows.push_back(
      {result.target.port, result.reason, std::move(explanation), result.rtt, result.time_to_live, result.banner});
}

std::string ScanGroup::sum() const {
  std::vector<std::pair<std::string, std::uint64_t>> sorted(reasons.begin(), reasons.end());
  std::ranges::sort(sorted, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  std::string text;
  std::uint64_t named = 0;
  for (std::size_t i = 0; i < std::min(sorted.size(), kMostReasons); ++i) {
    const auto& [reason, times] = sorted[i];
    text += (i == 0 ? "" : ", ") + (times == count ? reason : fmt::format("{} {}", times, reason));
    named += times;
  }
  if (named < count) text += fmt::format(", {} others", count - named);
  return fmt::format("{} {} ({})", count, to_string(state), text);
}

const ScanGroup* ScanHost::find(PortState state) const {
  const auto group = std::ranges::find(groups, state, &ScanGroup::state);
  return group == groups.end() ? nullptr : &*group;
}

bool ScanHost::is_interesting() const {
  return !notes.empty() || std::ranges::any_of(groups, [](const ScanGroup& group) {
    return group.state == PortState::open || group.state == PortState::unfiltered || group.state == PortState::error;
  });
}

bool ScanHost::is_up() const {
  return std::ranges::any_of(groups, [](const ScanGroup& group) {
    return group.state == PortState::open || group.state == PortState::unfiltered || group.state == PortState::closed;
  });
}

ScanHost* ScanHosts::host_for(const IpAddress& address, bool worth_it) {
  const auto known = hosts_.find(address);
  if (known != hosts_.end()) return &known->second;
  if (!worth_it && !options_.verbose && hosts_.size() >= kMostHostsInFull) {
    left_out_ = true;
    return nullptr;
  }
  ScanHost& host = hosts_[address];
  const auto name = options_.targets->names.find(address);
  if (name != options_.targets->names.end()) host.name = name->second;
  return &host;
}

void ScanHosts::add(const scan::PortResult& result) {
  ScanHost* host = host_for(result.target.address, is_listed_whole(result.state));
  if (host == nullptr) return;
  auto group = std::ranges::find(host->groups, result.state, &ScanGroup::state);
  if (group == host->groups.end()) {
    group = std::ranges::upper_bound(host->groups, result.state, {}, &ScanGroup::state);
    group = host->groups.insert(group, {result.state, 0, {}, {}});
  }
  const bool keep = is_listed_whole(result.state) || options_.verbose || group->count < kMostListed;
  group->add(result, keep);
}

void ScanHosts::add(const scan::HostNote& note) {
  if (ScanHost* host = host_for(note.host, false)) host->notes.push_back(note);
}

bool ScanHosts::is_shown(const ScanHost& host) const {
  return options_.verbose || hosts_.size() == 1 || host.is_interesting();
}

std::vector<std::pair<IpAddress, const ScanHost*>> ScanHosts::shown() {
  std::vector<std::pair<IpAddress, const ScanHost*>> list;
  for (auto& [address, host] : hosts_) {
    if (!is_shown(host)) continue;
    for (ScanGroup& group : host.groups) std::ranges::sort(group.rows, {}, &ScanRow::port);
    list.emplace_back(address, &host);
  }
  std::ranges::sort(list, {}, [](const auto& entry) { return entry.first; });
  return list;
}

std::optional<std::uint64_t> ScanHosts::quiet(std::uint64_t targets, bool complete) {
  const auto shown = static_cast<std::uint64_t>(
      std::ranges::count_if(hosts_, [this](const auto& entry) { return is_shown(entry.second); }));
  if (options_.open_only) return 0;
  if (!left_out_) return hosts_.size() - shown;
  if (complete && targets >= shown) return targets - shown;
  return std::nullopt;
}

}  // namespace tcp::cmd
