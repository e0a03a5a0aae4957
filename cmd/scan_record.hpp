// SPDX-License-Identifier: MIT
// The results of a scan as records.
#pragma once

#include <string>
#include <string_view>

#include "cmd/output/record.hpp"
#include "cmd/scan_view.hpp"
#include "libtcp/scan/scan.hpp"
#include "libtcp/scan/target_list.hpp"

namespace tcp::cmd {

// How the probes are made, and why that way.
struct TechniqueChoice {
  const scan::Technique* technique = nullptr;
  std::string why;
  std::uint16_t control_bits = 0;  // of a probe of our own
};

// Adds what this scan is about to the first record of its run.
void add_scan(Record& run, const scan::ScanOptions& options, const TechniqueChoice& choice,
              const scan::Targets& targets);
[[nodiscard]] Record to_record(const scan::PortResult& result, const scan::Targets& targets);
[[nodiscard]] Record to_record(const ScanChange& change, const scan::Targets& targets);
[[nodiscard]] Record to_record(const scan::HostNote& note, const scan::Targets& targets);
[[nodiscard]] Record to_record(const scan::HostFinding& finding, const scan::Targets& targets);
[[nodiscard]] Record to_record(const scan::ScanSummary& summary, const scan::ScanOptions& options);

}  // namespace tcp::cmd
