// SPDX-License-Identifier: MIT
#include "cmd/scan_network.hpp"

#include "libtcp/net/interface.hpp"
#include "libtcp/scan/connect_network.hpp"
#include "libtcp/scan/raw_network.hpp"

namespace tcp::cmd {
namespace {

Result<std::optional<std::uint32_t>> find_index(const std::string& interface) {
  if (interface.empty()) return std::nullopt;
  TCP_TRY_ASSIGN(found, net::find_interface(interface));
  return found.index;
}

Result<void> check_source(const std::optional<IpAddress>& source, const scan::TargetSet& targets) {
  if (!source) return {};
  const Family other = source->is_v4() ? Family::v6 : Family::v4;
  if (!targets.has(other)) return {};
  return usage_error("--source " + to_string(*source),
                     "there are " + std::string(to_string(other)) + " targets, which it cannot speak to");
}

scan::RawNetworkOptions raw_options(const ScanProbeOptions& options, const scan::TargetSet& targets) {
  scan::RawNetworkOptions raw;
  raw.shape = options.shape;
  raw.v4 = targets.has(Family::v4);
  raw.v6 = targets.has(Family::v6);
  raw.source = options.source;
  raw.source_port = options.source_port;
  raw.gateway_mac = options.gateway_mac;
  raw.vlan = options.vlan;
  return raw;
}

}  // namespace

Result<ScanNetwork> open_scan_network(const ScanProbeOptions& options, const scan::TargetSet& targets, unsigned tries,
                                      const Clock& clock) {
  TCP_TRY(check_source(options.source, targets));
  TCP_TRY_ASSIGN(interface_index, find_index(options.interface));
  const bool asked = options.technique != nullptr;
  std::string why = "asked for";
  if (!asked || options.technique->raw) {
    scan::RawNetworkOptions raw = raw_options(options, targets);
    raw.tries = tries;
    raw.interface_index = interface_index;
    auto network = scan::RawNetwork::open(raw, clock);
    if (network) {
      const scan::Technique* technique = asked ? options.technique : scan::find_technique("syn");
      return ScanNetwork{std::move(*network),
                         {technique, asked ? why : "raw sockets are permitted", options.shape.control_bits}};
    }
    if (asked) return std::unexpected(std::move(network).error());
    const std::string hint = network.error().hint.empty() ? "" : "; " + network.error().hint;
    why = network.error().message() + hint;
  }
  TCP_TRY_ASSIGN(network, scan::ConnectNetwork::open({interface_index, options.source}, clock));
  return ScanNetwork{std::move(network), {scan::find_technique("connect"), why, 0}};
}

}  // namespace tcp::cmd
