// SPDX-License-Identifier: MIT
// The results of a scan by host, for what is printed when it has ended.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cmd/scan_view.hpp"

namespace tcp::cmd {

struct ScanRow {
  std::uint16_t port = 0;
  scan::Reason reason = scan::Reason::silence;
  std::string explanation;
  std::optional<Duration> rtt;
  std::optional<std::uint8_t> time_to_live;
  std::shared_ptr<const scan::Banner> banner;  // null: not asked for
};

// The ports of a host in one state: rows, until there are too many to read.
struct ScanGroup {
  scan::PortState state = scan::PortState::open;
  std::uint64_t count = 0;
  std::vector<ScanRow> rows;                     // sorted by sort_rows(); none when they were summed up
  std::map<std::string, std::uint64_t> reasons;  // how often each explanation

  void add(const scan::PortResult& result, bool keep_row);
  // "1000 closed (rst)", "200 filtered (150 no answer to 4 probes, 50 icmp port unreachable from 192.0.2.1)"
  [[nodiscard]] std::string sum() const;
};

struct ScanHost {
  std::string name;  // empty without one
  std::vector<ScanGroup> groups;
  std::vector<scan::HostNote> notes;

  // In the order of the states; null when it has none.
  [[nodiscard]] const ScanGroup* find(scan::PortState state) const;
  [[nodiscard]] bool is_interesting() const;
  // A port answered, whatever it said.
  [[nodiscard]] bool is_up() const;
};

class ScanHosts {
 public:
  explicit ScanHosts(const ScanViewOptions& options) : options_(options) {}

  void add(const scan::PortResult& result);
  void add(const scan::HostNote& note);

  // By address, with sorted rows: those with something to show, which is all of them when there is one or verbose.
  // The pointers are good until the next add().
  [[nodiscard]] std::vector<std::pair<IpAddress, const ScanHost*>> shown();
  // Of `targets` scanned; nothing when that is not known.
  [[nodiscard]] std::optional<std::uint64_t> quiet(std::uint64_t targets, bool complete);

 private:
  [[nodiscard]] ScanHost* host_for(const IpAddress& address, bool worth_it);
  [[nodiscard]] bool is_shown(const ScanHost& host) const;

  ScanViewOptions options_;
  std::unordered_map<IpAddress, ScanHost> hosts_;
  bool left_out_ = false;  // some host without an open port
};

}  // namespace tcp::cmd
