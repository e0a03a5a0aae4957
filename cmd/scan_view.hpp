// SPDX-License-Identifier: MIT
// One rendering of a scan. Results come as the engine knows them: a record for each of millions of ports would cost
// more than the scan.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cmd/output/record.hpp"
#include "cmd/output/view.hpp"
#include "libtcp/scan/host_findings.hpp"
#include "libtcp/scan/host_note.hpp"
#include "libtcp/scan/scan.hpp"
#include "libtcp/scan/target_list.hpp"

namespace tcp::cmd {

// What is not as it was in an earlier scan.
struct ScanChange {
  Endpoint target;
  std::optional<scan::PortState> before;  // nothing: not in the earlier results, so not seen open
  scan::PortState now = scan::PortState::open;
};

// "opened", "closed" (it was open), "changed"
[[nodiscard]] std::string_view kind_of(const ScanChange& change) noexcept;

class ScanView {
 public:
  virtual ~ScanView() = default;
  // Once, first: what the scan is about.
  virtual void start(const Record& run) = 0;
  // As they become known; a change right behind its port.
  virtual void port(const scan::PortResult& result) = 0;
  virtual void change(const ScanChange& /*change*/) {}
  virtual void note(const scan::HostNote& /*note*/) {}
  // Before the ports of all hosts, when hosts were looked for: what is known of each.
  virtual void host(const scan::HostFinding& /*finding*/) {}
  // Once, last, also when interrupted.
  virtual void summary(const Record& summary) = 0;
};

// What views share. The targets, whose names they show, must outlive them.
struct ScanViewOptions {
  const scan::Targets* targets = nullptr;
  bool verbose = false;    // every port and every host
  bool open_only = false;  // no other ports come
  WallTime started;        // by the wall clock
  std::string ports;       // as a list: "22,80"
  std::string baseline;    // what changes are compared with; empty: nothing
};

[[nodiscard]] std::unique_ptr<ScanView> make_scan_text_view(Output& out, const ScanViewOptions& options);
[[nodiscard]] std::unique_ptr<ScanView> make_scan_stream_view(Output& out, const ScanViewOptions& options);
[[nodiscard]] std::unique_ptr<ScanView> make_scan_csv_view(Output& out, const ScanViewOptions& options);
[[nodiscard]] std::unique_ptr<ScanView> make_scan_xml_view(Output& out, const ScanViewOptions& options);
[[nodiscard]] std::unique_ptr<ScanView> make_scan_greppable_view(Output& out, const ScanViewOptions& options);
[[nodiscard]] std::unique_ptr<ScanView> make_scan_html_view(Output& out, const ScanViewOptions& options);
// JSON and NDJSON: a record each.
[[nodiscard]] std::unique_ptr<ScanView> make_scan_record_view(std::unique_ptr<View> view,
                                                              const ScanViewOptions& options);

}  // namespace tcp::cmd
