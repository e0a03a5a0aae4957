// SPDX-License-Identifier: MIT
#include "libtcp/scan/paced_hosts.hpp"

#include <algorithm>

namespace tcp::scan {

const PacedHosts::Host* PacedHosts::find(std::uint64_t target) const noexcept {
  const auto host = std::ranges::find(hosts_, target, &Host::target);
  return host == hosts_.end() ? nullptr : &*host;
}

bool PacedHosts::add(std::uint64_t target, Duration gap, MonotonicTime now) {
  if (hosts_.size() == kMost || contains(target)) return false;
  hosts_.push_back({target, gap, now + gap, {}});
  return true;
}

void PacedHosts::wait(std::uint64_t target, std::uint64_t position) {
  const auto host = std::ranges::find(hosts_, target, &Host::target);
  host->waiting.push_back(position);
}

std::optional<std::uint64_t> PacedHosts::take(MonotonicTime now) {
  for (Host& host : hosts_) {
    if (host.waiting.empty() || now < host.next) continue;
    const std::uint64_t position = host.waiting.front();
    host.waiting.pop_front();
    host.next = std::max(host.next, now - host.gap) + host.gap;  // a pause does not become a burst
    return position;
  }
  return std::nullopt;
}

MonotonicTime PacedHosts::next() const noexcept {
  MonotonicTime next = MonotonicTime::max();
  for (const Host& host : hosts_) {
    if (!host.waiting.empty()) next = std::min(next, host.next);
  }
  return next;
}

}  // namespace tcp::scan
