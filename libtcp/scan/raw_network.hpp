// SPDX-License-Identifier: MIT
// Probes as segments of our own: sent through raw IP sockets, answered into a packet socket, from ports that a guard
// holds so that this host's kernel resets nothing. Needs CAP_NET_RAW to open, nothing afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/mac_address.hpp"
#include "libtcp/net/packet_socket.hpp"
#include "libtcp/net/port_guard.hpp"
#include "libtcp/net/raw_ip_socket.hpp"
#include "libtcp/net/route.hpp"
#include "libtcp/scan/network.hpp"
#include "libtcp/scan/probe_codec.hpp"
#include "libtcp/scan/probe_shape.hpp"

namespace tcp::scan {

struct RawNetworkOptions {
  ProbeShape shape;
  unsigned tries = 1;  // at most kMostTries
  bool v4 = true;      // the families that will be probed
  bool v6 = true;
  std::optional<std::uint32_t> interface_index;  // send through this one only
  std::optional<IpAddress> source;               // absent: the one that the route prefers
  std::optional<std::uint16_t> source_port;      // of the first try; absent: free ones
  std::optional<MacAddress> gateway_mac;         // frames go there, whatever the neighbours say
  std::optional<std::uint16_t> vlan;             // IEEE 802.1Q
};

class RawNetwork final : public Network {
 public:
  // `clock` must outlive it.
  [[nodiscard]] static Result<std::unique_ptr<RawNetwork>> open(const RawNetworkOptions& options, const Clock& clock);

  [[nodiscard]] Result<std::size_t> send(std::span<const Probe> batch) override;
  [[nodiscard]] Result<std::span<const Answer>> receive(MonotonicTime deadline) override;
  [[nodiscard]] std::uint64_t take_lost() override;

 private:
  // A way to a target, or why there is none.
  struct Way {
    IpAddress source;
    std::uint32_t mtu = 0;
    bool local = false;
    int error_number = 0;
  };

  RawNetwork(const RawNetworkOptions& options, const Clock& clock, const CookieKey& key, net::PortGuard guard,
             net::PacketSocket capture);
  [[nodiscard]] const Way& way_to(const IpAddress& target);
  // 0, or the errno of what kept it from leaving.
  [[nodiscard]] int send_one(const Probe& probe);
  [[nodiscard]] int transmit(const IpAddress& destination, packet::Bytes packet);
  void refuse(const Probe& probe, int error_number);
  void take(const net::ReceivedPacket& packet);
  [[nodiscard]] MonotonicTime to_monotonic(WallTime time) const;

  const Clock& clock_;
  std::optional<std::uint32_t> interface_index_;
  net::PortGuard guard_;
  net::PacketSocket capture_;
  ProbeCodec codec_;
  std::optional<net::RawIpSocket> v4_;
  std::optional<net::RawIpSocket> v6_;
  std::unordered_map<IpAddress, Way> ways_;
  std::vector<Answer> refused_;  // not yet handed out
  std::vector<Answer> answers_;  // handed out by the last receive()
};

}  // namespace tcp::scan
