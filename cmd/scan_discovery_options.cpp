// SPDX-License-Identifier: MIT
#include "cmd/scan_discovery_options.hpp"

#include <CLI/CLI.hpp>

#include "cmd/scan_words.hpp"
#include "libtcp/scan/host_set.hpp"

namespace tcp::cmd {
namespace {

constexpr std::uint64_t kFewestPorts = 16;    // of a host
constexpr std::uint64_t kFewestPairs = 4096;  // a scan that is over in a second need not become shorter
constexpr std::uint64_t kFewestHosts = 2;

DiscoveryChoice off(std::string why) { return {false, std::move(why)}; }

// What hosts are asked from there would say little about what the probes of the scan meet.
const char* way_of_its_own(const ScanProbeOptions& probes) {
  if (probes.source_port) return "--source-port: an answer elsewhere says little";
  if (probes.gateway_mac) return "--gateway-mac: the kernel would ask elsewhere";
  return nullptr;
}

}  // namespace

void ScanDiscoveryWords::define(CLI::App& app) {
  app.add_flag("--discover", wanted,
               "First find out which hosts are alive, and scan those only (default for many ports of many hosts)")
      ->group("Targets");
  app.add_flag("--no-discover", unwanted, "Scan every host, whether anything shows that it is alive or not")
      ->group("Targets");
}

Result<void> ScanDiscoveryWords::settle() const {
  if (wanted && unwanted) return usage_error("--discover and --no-discover", "choose one");
  return {};
}

Result<DiscoveryChoice> choose(const ScanDiscoveryWords& words, const ScanProbeOptions& probes,
                               const DiscoveryQuestion& question) {
  if (words.unwanted) return off("--no-discover");
  const bool too_many = question.hosts > scan::kMostLeftOut;
  const std::string most = std::to_string(scan::kMostLeftOut);
  if (words.wanted) {
    if (too_many) return usage_error("--discover", "finds out about " + most + " addresses at most");
    return DiscoveryChoice{true, "asked for"};
  }
  if (question.hosts < kFewestHosts) return off("one host");
  if (question.ports < kFewestPorts) return off("fewer than " + std::to_string(kFewestPorts) + " ports a host");
  if (question.hosts <= kFewestPairs / question.ports) {
    return off("no more than " + std::to_string(kFewestPairs) + " ports in all");
  }
  if (too_many) return off("more than " + most + " addresses");
  if (question.is_part) return off("--shard: the parts might not agree on it");
  if (const char* why = way_of_its_own(probes)) return off(why);
  return DiscoveryChoice{true, {}};
}

DiscoveryChoice choose_by_place(const ScanDiscoveryWords& words, const DiscoveryQuestion& question,
                                std::uint64_t elsewhere) {
  if (words.wanted) return {true, "asked for"};
  if (elsewhere < kFewestHosts) return off("fewer than two hosts are beyond the local link");
  return {true, counted(question.ports, "port") + " each of " + counted(question.hosts, "host")};
}

}  // namespace tcp::cmd
