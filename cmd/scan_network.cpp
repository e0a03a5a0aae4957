// SPDX-License-Identifier: MIT
#include "cmd/scan_network.hpp"

#include "libtcp/net/interface.hpp"
#include "libtcp/packet/tcp_header.hpp"
#include "libtcp/scan/connect_network.hpp"
#include "libtcp/scan/discovery.hpp"
#include "libtcp/scan/echo_network.hpp"
#include "libtcp/scan/raw_network.hpp"

namespace tcp::cmd {
namespace {

Result<void> check_source(const std::optional<IpAddress>& source, const scan::TargetSet& targets) {
  if (!source) return {};
  const Family other = source->is_v4() ? Family::v6 : Family::v4;
  if (!targets.has(other)) return {};
  return usage_error("--source " + to_string(*source),
                     "there are " + std::string(to_string(other)) + " targets, which it cannot speak to");
}

scan::RawNetworkOptions raw_options(const ScanProbeOptions& options, bool v4, bool v6) {
  scan::RawNetworkOptions raw;
  raw.shape = options.shape;
  raw.v4 = v4;
  raw.v6 = v6;
  raw.source = options.source;
  raw.source_port = options.source_port;
  raw.gateway_mac = options.gateway_mac;
  raw.vlan = options.vlan;
  return raw;
}

// Through one next hop of the user's the kernel sends no echo request.
Result<std::unique_ptr<scan::Network>> open_echo(const ScanProbeOptions& options, const DiscoverySockets& sockets,
                                                 std::optional<std::uint32_t> interface_index, const Clock& clock) {
  if (options.gateway_mac)
    return make_error(Errc::unsupported, "--gateway-mac", "the kernel would send them elsewhere");
  scan::EchoNetworkOptions echo;
  echo.v4 = sockets.v4;
  echo.v6 = sockets.v6;
  echo.interface_index = interface_index;
  echo.source = options.source;
  echo.time_to_live = options.shape.time_to_live;
  if (auto network = scan::EchoNetwork::open(echo, clock)) return std::move(*network);
  echo.raw = false;
  TCP_TRY_ASSIGN(network, scan::EchoNetwork::open(echo, clock));
  return std::unique_ptr<scan::Network>(std::move(network));
}

Result<std::unique_ptr<scan::Network>> open_tcp(const ScanProbeOptions& options, const DiscoverySockets& sockets,
                                                std::optional<std::uint32_t> interface_index, const Clock& clock) {
  if (!sockets.raw) {
    TCP_TRY_ASSIGN(network, scan::ConnectNetwork::open({interface_index, options.source}, clock));
    return std::unique_ptr<scan::Network>(std::move(network));
  }
  scan::RawNetworkOptions raw = raw_options(options, sockets.v4, sockets.v6);
  raw.shape.control_bits = packet::control::syn;
  raw.source_port.reset();
  raw.acknowledged_port = scan::kDiscoveryAcknowledgedPort;
  raw.tries = sockets.tries;
  raw.interface_index = interface_index;
  TCP_TRY_ASSIGN(network, scan::RawNetwork::open(raw, clock));
  return std::unique_ptr<scan::Network>(std::move(network));
}

}  // namespace

Result<std::optional<std::uint32_t>> interface_index_of(const std::string& name) {
  if (name.empty()) return std::nullopt;
  TCP_TRY_ASSIGN(found, net::find_interface(name));
  return found.index;
}

Result<DiscoveryNetwork> open_discovery_network(const ScanProbeOptions& options, const DiscoverySockets& sockets,
                                                const Clock& clock) {
  TCP_TRY_ASSIGN(interface_index, interface_index_of(options.interface));
  DiscoveryNetwork network;
  auto echo = open_echo(options, sockets, interface_index, clock);
  if (echo) network.echo = std::move(*echo);
  if (!echo) network.why_without_echo = echo.error().message();
  TCP_TRY_ASSIGN(tcp, open_tcp(options, sockets, interface_index, clock));
  network.tcp = std::move(tcp);
  return network;
}

Result<ScanNetwork> open_scan_network(const ScanProbeOptions& options, const scan::TargetSet& targets, unsigned tries,
                                      const Clock& clock) {
  TCP_TRY(check_source(options.source, targets));
  TCP_TRY_ASSIGN(interface_index, interface_index_of(options.interface));
  const bool asked = options.technique != nullptr;
  std::string why = "asked for";
  if (!asked || options.technique->raw) {
    scan::RawNetworkOptions raw = raw_options(options, targets.has(Family::v4), targets.has(Family::v6));
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
