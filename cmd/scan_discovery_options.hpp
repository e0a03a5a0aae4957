// SPDX-License-Identifier: MIT
// Whether hosts are looked for before their ports are scanned: --discover, --no-discover, and what decides without
// them.
#pragma once

#include <cstdint>
#include <string>

#include "cmd/options.hpp"
#include "cmd/scan_probe_options.hpp"

namespace tcp::cmd {

struct ScanDiscoveryWords {
  bool wanted = false;
  bool unwanted = false;

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle() const;
};

struct DiscoveryChoice {
  bool on = false;
  std::string why;  // or why not
};

// What a scan is, as far as it decides.
struct DiscoveryQuestion {
  std::uint64_t hosts = 0;
  std::uint64_t ports = 0;  // of each
  bool is_part = false;     // one of several shards
};

// Asking a silent host costs eight probes, so it pays when a host has clearly more ports than that, and there are many.
// Does not know yet where the hosts are: choose_by_place() has the last word. Errors: --discover with too many hosts.
[[nodiscard]] Result<DiscoveryChoice> choose(const ScanDiscoveryWords& words, const ScanProbeOptions& probes,
                                             const DiscoveryQuestion& question);
// `elsewhere`: hosts that are not on a link of this host.
[[nodiscard]] DiscoveryChoice choose_by_place(const ScanDiscoveryWords& words, const DiscoveryQuestion& question,
                                              std::uint64_t elsewhere);

}  // namespace tcp::cmd
