// SPDX-License-Identifier: MIT
#include "libtcp/scan/host_notes.hpp"

namespace tcp::scan {
namespace {

constexpr std::uint64_t kFewestPorts = 100;
constexpr std::uint64_t kNearlyAll = 95;        // percent
constexpr std::uint32_t kFewestLateErrors = 3;  // ICMP errors that came for a later try only

// Errors that only a later try met are held back by a limit, unless loss explains them.
bool limits_icmp(const Host& host, double loss) {
  return host.icmp_late >= kFewestLateErrors && host.icmp_late > (0.25 + 2 * loss) * host.icmp;
}

}  // namespace

std::vector<HostNote> notes_on(const HostTable& table, const TargetSet& targets, double loss, MonotonicTime now) {
  std::vector<HostNote> notes;
  if (!table.complete()) return notes;
  for (const Host& host : table.hosts()) {
    if (host.target == Host::kNone) continue;
    const IpAddress address = targets[host.target];
    const std::uint64_t tested = std::uint64_t{host.open} + host.closed + host.icmp + host.silent;
    if (tested >= kFewestPorts && std::uint64_t{host.open} * 100 >= tested * kNearlyAll) {
      notes.push_back({address, HostNote::answers_everything, host.open});
    }
    const double seconds = std::chrono::duration<double>(host.last_icmp - host.first_icmp).count();
    if (limits_icmp(host, loss) && seconds > 0) {
      notes.push_back({address, HostNote::icmp_limited, static_cast<std::uint64_t>(host.icmp / seconds)});
    }
    if (host.given_up) {
      const auto probed = std::chrono::duration_cast<std::chrono::milliseconds>(now - host.first_sent);
      notes.push_back({address, HostNote::host_timeout, static_cast<std::uint64_t>(probed.count())});
    }
  }
  return notes;
}

}  // namespace tcp::scan
