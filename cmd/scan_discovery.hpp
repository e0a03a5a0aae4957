// SPDX-License-Identifier: MIT
// The search for hosts that are alive, in front of a scan: its sockets, its run, and what is said of it.
#pragma once

#include <memory>
#include <optional>

#include "cmd/command.hpp"
#include "cmd/scan_discovery_options.hpp"
#include "cmd/scan_network.hpp"
#include "cmd/scan_reporter.hpp"
#include "libtcp/scan/discovery.hpp"

namespace tcp::cmd {

class ScanDiscovery {
 public:
  // Decides, and opens what is needed, before privileges are given up. `tries` as open_scan_network() has it; `space`
  // and `clock` must outlive it. Errors: those of choose(), and of the sockets.
  [[nodiscard]] static Result<ScanDiscovery> open(const ScanDiscoveryWords& words, const ScanProbeOptions& probes,
                                                  const scan::ProbeSpace& space, bool is_part, bool raw, unsigned tries,
                                                  const Clock& clock);

  // A scan that goes on leaves out the hosts that it left out before, and asks nobody again; only when it had not come
  // to its first probe is it as if it began. Errors: words that want something else.
  [[nodiscard]] Result<void> take_up(const scan::ScanOptions& options);

  void add_to_run(Record& run) const;
  [[nodiscard]] const DiscoveryChoice& choice() const noexcept { return choice_; }

  // Looks for the hosts, tells of them, and has the scan leave out those that are silent or down. Hosts in
  // `answered` are never left out. Closes the sockets. The options must not outlive it.
  [[nodiscard]] Result<void> run(Context& context, scan::ScanOptions& options, std::vector<IpAddress> answered,
                                 ScanReporter& reporter);

  // Adds its time and its findings to the sums of the scan.
  void add_to(scan::ScanSummary& summary) const;
  void add_to_summary(Record& summary) const;

 private:
  // The kernel's routes and neighbours, which the sockets refer to.
  struct Routes {
    scan::Neighbours neighbours;
    scan::Ways ways;
    explicit Routes(const scan::WayOptions& options) : ways(options, neighbours) {}
  };

  [[nodiscard]] Result<void> open_networks(const ScanProbeOptions& probes, bool raw, unsigned tries,
                                           const Clock& clock);
  void tell(Context& context) const;
  void show(const scan::TargetSet& targets, ScanReporter& reporter) const;

  ScanDiscoveryWords words_;
  DiscoveryChoice choice_;
  bool raw_ = false;
  std::unique_ptr<Routes> routes_;
  scan::DiscoveryPlan plan_;
  std::unique_ptr<scan::Network> neighbours_;
  DiscoveryNetwork network_;
  std::optional<scan::Discovery> found_;
  std::optional<scan::LeftOut> left_out_;  // found, or taken up
  std::uint64_t targets_ = 0;
};

}  // namespace tcp::cmd
