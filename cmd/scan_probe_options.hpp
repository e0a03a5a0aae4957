// SPDX-License-Identifier: MIT
// How `scan` probes: --technique, --flags, what a probe looks like, and the way it takes.
#pragma once

#include <optional>
#include <string>

#include "cmd/options.hpp"
#include "libtcp/base/mac_address.hpp"
#include "libtcp/scan/probe_shape.hpp"
#include "libtcp/scan/technique.hpp"

namespace tcp::cmd {

struct ScanProbeWords {
  std::string technique = "auto";
  std::string flags;
  std::string segment_size;
  std::string time_to_live;
  bool no_options = false;
  std::string source;
  std::string source_port;
  std::string gateway_mac;
  std::string vlan;
  std::string interface;

  void define(CLI::App& app);
};

struct ScanProbeOptions {
  const scan::Technique* technique = nullptr;  // null: syn where permitted, otherwise connect
  bool list_techniques = false;
  scan::ProbeShape shape;
  std::optional<IpAddress> source;
  std::optional<std::uint16_t> source_port;
  std::optional<MacAddress> gateway_mac;
  std::optional<std::uint16_t> vlan;
  std::string interface;  // empty: by route
};

// Errors: words that are off, or that the technique has no use for.
[[nodiscard]] Result<ScanProbeOptions> settle(const ScanProbeWords& words);

// Everything that decides what an answer to the probe means, the same for the same words: "bits SYN, ttl 64, …".
[[nodiscard]] std::string to_string(const ScanProbeOptions& options);

}  // namespace tcp::cmd
