// SPDX-License-Identifier: MIT
#include "cmd/scan_reporter.hpp"

namespace tcp::cmd {

void ScanReporter::make_room() {
  if (parts_.shares_terminal) parts_.progress.clear();
}

void ScanReporter::on_result(const scan::PortResult& result) {
  const auto change = parts_.baseline != nullptr ? parts_.baseline->compare(result) : std::nullopt;
  const bool shown = !parts_.open_only || scan::may_be_open(result.state);
  if (shown || change) make_room();
  if (shown) parts_.outputs.port(result);
  if (!change) return;
  ++changes_;
  parts_.outputs.change(*change);
}

void ScanReporter::host(const scan::HostFinding& finding) {
  make_room();
  parts_.outputs.host(finding);
}

void ScanReporter::on_host_note(const scan::HostNote& note) {
  make_room();
  parts_.outputs.note(note);
}

}  // namespace tcp::cmd
