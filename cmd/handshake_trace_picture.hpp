// SPDX-License-Identifier: MIT
// handshake-trace --svg FILE: what was traced, drawn.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cmd/output/kept_run.hpp"
#include "cmd/output/view.hpp"
#include "cmd/output/whole_file.hpp"

namespace CLI {
class App;
}

namespace tcp::cmd {

// Of the `handshake` records, or the `hop` and `path` records, of a run: one below the other.
[[nodiscard]] std::string draw_traces(const KeptRun& run);

class TracePicture {
 public:
  void define(CLI::App& app);
  [[nodiscard]] bool wanted() const noexcept { return path_.has_value(); }
  // Errors: usage; no file is named.
  [[nodiscard]] Result<void> settle() const;
  // Before anything is sent. Errors: the file cannot be written.
  [[nodiscard]] Result<void> open();
  // `view` itself when no picture is wanted.
  [[nodiscard]] std::unique_ptr<View> beside(std::unique_ptr<View> view);
  // After the summary.
  [[nodiscard]] Result<void> finish();

 private:
  std::optional<std::string> path_;
  std::unique_ptr<WholeFile> file_;
  KeptRun kept_;
};

}  // namespace tcp::cmd
