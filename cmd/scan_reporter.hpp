// SPDX-License-Identifier: MIT
// Hands what a scan finds to its outputs.
#pragma once

#include "cmd/interrupt.hpp"
#include "cmd/scan_baseline.hpp"
#include "cmd/scan_checkpoint.hpp"
#include "cmd/scan_outputs.hpp"
#include "cmd/scan_progress.hpp"

namespace tcp::cmd {

// All of it outlives the scan.
struct ScanReporterParts {
  ScanOutputs& outputs;
  ScanProgress& progress;
  const Interrupt& interrupt;
  CheckpointFile& checkpoint;
  const ScanBaseline* baseline = nullptr;  // null: compared with nothing
  bool open_only = false;
  bool shares_terminal = false;  // what is written as results come goes where progress is drawn
};

// The user or a reader that went away ends the scan.
class ScanReporter final : public scan::Observer {
 public:
  explicit ScanReporter(const ScanReporterParts& parts) : parts_(parts) {}

  void on_result(const scan::PortResult& result) override;
  void on_host_note(const scan::HostNote& note) override;
  void on_progress(const scan::Progress& progress) override { parts_.progress.update(progress); }
  void on_checkpoint(const scan::Checkpoint& checkpoint) override { parts_.checkpoint.write(checkpoint); }
  bool stop_requested() override {
    return parts_.interrupt.flag() || parts_.outputs.failed() || parts_.checkpoint.error();
  }

  // What the search for hosts has found of one.
  void host(const scan::HostFinding& finding);

  [[nodiscard]] std::uint64_t changes() const noexcept { return changes_; }

 private:
  void make_room();

  ScanReporterParts parts_;
  std::uint64_t changes_ = 0;
};

}  // namespace tcp::cmd
