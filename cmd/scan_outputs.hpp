// SPDX-License-Identifier: MIT
// All renderings of one scan: one on standard output, others in files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cmd/scan_output_options.hpp"
#include "cmd/scan_view.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::cmd {

class ScanOutputs final : public ScanView {
 public:
  // Creates the files. `out` must outlive it, and what `shared` points to. Errors: a file that cannot be created.
  [[nodiscard]] static Result<std::unique_ptr<ScanOutputs>> open(const ScanOutputOptions& options,
                                                                 const ScanViewOptions& shared, Output& out);

  void start(const Record& run) override;
  void port(const scan::PortResult& result) override;
  void change(const ScanChange& change) override;
  void note(const scan::HostNote& note) override;
  void host(const scan::HostFinding& finding) override;
  void summary(const Record& summary) override;

  // A write has failed: nothing more is worth finding out.
  [[nodiscard]] bool failed() const;
  // The first failure of a file.
  [[nodiscard]] Result<void> finish();

 private:
  struct File {
    UniqueFd fd;
    std::unique_ptr<Output> out;
  };

  explicit ScanOutputs(Output& out) : out_(out) {}

  Output& out_;
  std::vector<File> files_;
  std::vector<std::unique_ptr<ScanView>> views_;
};

}  // namespace tcp::cmd
