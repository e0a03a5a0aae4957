// SPDX-License-Identifier: MIT
// The way of a scan to its targets: segments of our own where permitted, the kernel's connections otherwise.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cmd/scan_probe_options.hpp"
#include "cmd/scan_record.hpp"
#include "libtcp/scan/network.hpp"

namespace tcp::cmd {

struct ScanNetwork {
  std::unique_ptr<scan::Network> network;
  TechniqueChoice choice;
};

// `tries`: of a port, the first one counted. `clock` must outlive it. Errors: an unknown interface, a source of a
// family that not all targets have, a permission that is missing and was asked for.
[[nodiscard]] Result<ScanNetwork> open_scan_network(const ScanProbeOptions& options, const scan::TargetSet& targets,
                                                    unsigned tries, const Clock& clock);

// Nothing for no name. Errors: an unknown interface.
[[nodiscard]] Result<std::optional<std::uint32_t>> interface_index_of(const std::string& name);

// How hosts are asked whether they are there.
struct DiscoveryNetwork {
  std::unique_ptr<scan::Network> echo;  // null: there is none
  std::string why_without_echo;
  std::unique_ptr<scan::Network> tcp;
};

struct DiscoverySockets {
  bool v4 = false;  // the families of the hosts
  bool v6 = false;
  bool raw = false;  // segments of our own, otherwise the kernel's connections
  unsigned tries = 1;
};

// Echo requests by raw sockets, or by ping sockets, or none. `clock` must outlive it. Errors: those of the TCP probes.
[[nodiscard]] Result<DiscoveryNetwork> open_discovery_network(const ScanProbeOptions& options,
                                                              const DiscoverySockets& sockets, const Clock& clock);

}  // namespace tcp::cmd
