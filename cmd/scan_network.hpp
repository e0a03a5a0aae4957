// SPDX-License-Identifier: MIT
// The way of a scan to its targets: segments of our own where permitted, the kernel's connections otherwise.
#pragma once

#include <memory>

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

}  // namespace tcp::cmd
