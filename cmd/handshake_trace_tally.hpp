// SPDX-License-Identifier: MIT
// How many of the targets came out well, for the summary and the exit status.
#pragma once

#include "cmd/exit_code.hpp"
#include "cmd/output/record.hpp"

namespace tcp::cmd {

class TraceTally {
 public:
  void count(bool good, bool failed) {
    ++targets_;
    if (good) ++good_;
    if (failed) ++failed_;
  }
  void set_incomplete() { complete_ = false; }

  [[nodiscard]] ExitCode exit_code() const {
    if (failed_ != 0) return ExitCode::failed;
    return good_ == targets_ ? ExitCode::done : ExitCode::negative;
  }
  [[nodiscard]] Record record() const {
    Record summary("summary");
    summary.add("complete", complete_);
    summary.add("targets", targets_);
    summary.add("established", good_);
    summary.add("half_open", 0U);
    summary.add("not_established", targets_ - good_ - failed_);
    summary.add("failed", failed_);
    return summary;
  }

 private:
  bool complete_ = true;
  unsigned targets_ = 0;
  unsigned good_ = 0;
  unsigned failed_ = 0;
};

}  // namespace tcp::cmd
