// SPDX-License-Identifier: MIT
// The search for hosts that are alive, before their ports are scanned: neighbours by their link-layer address, others
// by ICMP echo, and those that are silent by a few TCP probes. Each question is a scan of its own, so that pace,
// retries and proof of the answers are those of any scan.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "libtcp/scan/discovery_plan.hpp"
#include "libtcp/scan/host_findings.hpp"
#include "libtcp/scan/scan.hpp"

namespace tcp::scan {

// SYNs go to the first two, a bare ACK to the last: a filter that drops SYNs may let through what looks like the rest
// of a conversation, and the other way round.
inline constexpr std::array<std::uint16_t, 3> kDiscoveryPorts{443, 22, 80};
inline constexpr std::uint16_t kDiscoveryAcknowledgedPort = 80;

struct DiscoveryOptions {
  Timing timing;
  RateBounds rates;
  std::optional<std::uint64_t> exact_rate;
  std::uint64_t seed = 0;
  // When nobody at all answers, silence counts all the same; otherwise nothing is known of anybody then.
  bool lone_silence_counts = true;
  std::vector<IpAddress> answered_earlier;  // are taken for alive
};

// Null: there is none. A network sees the hosts of a plan that it can ask.
struct DiscoveryNetworks {
  Network* neighbours = nullptr;
  Network* echo = nullptr;  // probes of kEchoPort
  Network* tcp = nullptr;   // probes of kDiscoveryPorts
};

struct Discovery {
  HostFindings hosts;  // by the index of the target
  std::uint64_t probes_sent = 0;
  Duration elapsed{};
  bool complete = true;       // false when it was stopped
  bool told_nothing = false;  // nobody answered, so nobody is left out
};

// Blocks until it is done. The observer is asked whether to stop and told of the progress, nothing else. At most
// kMostLeftOut targets, of which `plan` is. Errors: those of the networks.
[[nodiscard]] Result<Discovery> discover(const TargetSet& targets, const DiscoveryPlan& plan,
                                         const DiscoveryOptions& options, const DiscoveryNetworks& networks,
                                         const Clock& clock, Observer& observer);

}  // namespace tcp::scan
