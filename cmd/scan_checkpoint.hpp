// SPDX-License-Identifier: MIT
// The file that a scan can be resumed from.
#pragma once

#include <optional>
#include <string>

#include "libtcp/scan/checkpoint.hpp"

namespace tcp::cmd {

// Errors: those of the file system, and a file that is no checkpoint.
[[nodiscard]] Result<scan::Checkpoint> read_checkpoint(const std::string& path);

// Replaces the file as a whole: whoever reads it finds the old one or the new one.
[[nodiscard]] Result<void> write_checkpoint(const std::string& path, const scan::Checkpoint& checkpoint);

// Writes what it is told; the first failure is kept.
class CheckpointFile {
 public:
  // An empty path: there is none to write.
  explicit CheckpointFile(std::string path) : path_(std::move(path)) {}
  void write(const scan::Checkpoint& checkpoint);
  [[nodiscard]] const std::optional<Error>& error() const noexcept { return error_; }

 private:
  std::string path_;
  std::optional<Error> error_;
};

}  // namespace tcp::cmd
