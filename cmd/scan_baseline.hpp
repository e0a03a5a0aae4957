// SPDX-License-Identifier: MIT
// What an earlier scan found, and how that differs from what this one does.
#pragma once

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "cmd/scan_view.hpp"

namespace tcp::cmd {

class ScanBaseline {
 public:
  // What `tcpbox scan` wrote with --json or --ndjson; objects and keys it does not know are passed over. Errors: a file
  // that cannot be read; not JSON; not of a scan; more than 2^24 ports; a megabyte and more without an end of a word.
  [[nodiscard]] static Result<ScanBaseline> load(const std::string& path);
  // `name` is for errors.
  [[nodiscard]] static Result<ScanBaseline> read(std::istream& stream, const std::string& name);

  // Nothing when it is as it was. What was not in the results counts as not open, since these may have been of open
  // ports only; what could not be sent says nothing.
  [[nodiscard]] std::optional<ScanChange> compare(const scan::PortResult& result) const;

  // The hosts with a port that answered, each once.
  [[nodiscard]] std::vector<IpAddress> answered() const;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] const std::string& started() const noexcept { return started_; }
  // The earlier scan came to its end.
  [[nodiscard]] bool complete() const noexcept { return complete_; }

 private:
  friend class BaselineReader;

  struct Entry {
    Endpoint target;
    scan::PortState state = scan::PortState::open;
  };

  std::vector<Entry> entries_;  // sorted by target, each once
  std::string started_;
  bool complete_ = false;
};

}  // namespace tcp::cmd
