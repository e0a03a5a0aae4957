// SPDX-License-Identifier: MIT
// How fast and how patiently `scan` probes, and which part of the work is its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "cmd/options.hpp"
#include "libtcp/scan/scan.hpp"

namespace tcp::cmd {

// Where the targets are: all on links of this host, all at private addresses, or elsewhere too.
enum class Reach : std::uint8_t { on_link, within, outside };

struct ScanTimingWords {
  std::string timing = "normal";
  std::string rate;
  std::string max_rate;
  std::string min_rate;
  std::string retries;
  std::string confidence;
  std::string timeout;
  std::string host_timeout;
  std::string shard;
  std::string seed;
  std::string checkpoint;  // a path, like the next
  std::string resume;

  void define(CLI::App& app);
  [[nodiscard]] Result<void> settle();

  // Once settled, adds what was asked for to the options of a scan, of which space and technique are known, and reads
  // what is to be resumed. Where the targets are decides how fast a scan may be that nothing shows to arrive.
  // `options` must not outlive it. Errors: of the file, and a file of another scan.
  [[nodiscard]] Result<void> apply(scan::ScanOptions& options);
  // Tries of a pair at most: as many source ports are needed.
  [[nodiscard]] unsigned most_tries() const noexcept;

 private:
  [[nodiscard]] Result<void> settle_rates();
  [[nodiscard]] Result<void> settle_patience();
  [[nodiscard]] Result<void> settle_part();
  [[nodiscard]] Result<void> apply_resume(scan::ScanOptions& options);
  [[nodiscard]] scan::RateBounds bounds_for(Reach reach) const noexcept;

  std::optional<std::uint64_t> rate_;
  std::optional<std::uint64_t> max_rate_;
  std::optional<std::uint64_t> min_rate_;
  scan::Timing timing_;
  scan::Shard shard_;
  std::optional<std::uint64_t> seed_;
  std::optional<scan::Checkpoint> resumed_;
};

}  // namespace tcp::cmd
