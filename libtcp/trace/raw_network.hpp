// SPDX-License-Identifier: MIT
// The wire through raw IP sockets (out) and one packet socket (both directions, with the kernel's timestamps).
#pragma once

#include <array>
#include <optional>

#include "libtcp/net/packet_socket.hpp"
#include "libtcp/net/raw_ip_socket.hpp"
#include "libtcp/packet/decode.hpp"
#include "libtcp/trace/network.hpp"

namespace tcp::trace {

struct RawNetworkOptions {
  std::uint16_t first_port = 0;  // local ports whose segments are seen
  std::uint16_t last_port = 0;
  bool v4 = false;  // families that are sent
  bool v6 = false;
};

class RawNetwork final : public SharedNetwork {
 public:
  // Needs CAP_NET_RAW, and nothing any more once it is open.
  [[nodiscard]] static Result<RawNetwork> open(const RawNetworkOptions& options);

  [[nodiscard]] Result<void> send(const FourTuple& tuple, const Segment& segment) override;
  [[nodiscard]] Result<std::optional<Observation>> receive(const FourTuple& tuple, MonotonicTime deadline) override;
  [[nodiscard]] Result<std::optional<Delivery>> receive_any(std::span<const FourTuple> connections,
                                                            MonotonicTime deadline) override;

 private:
  explicit RawNetwork(net::PacketSocket packets) : packets_(std::move(packets)) {}
  net::PacketSocket packets_;
  std::optional<net::RawIpSocket> v4_;
  std::optional<net::RawIpSocket> v6_;
};

// A decoded TCP segment as an owner of everything.
[[nodiscard]] Segment to_segment(const packet::DecodedPacket& packet, const packet::TcpSegmentView& view);

// What a received packet is to the connection; nothing when it belongs to another. On loopback each packet is seen
// leaving and arriving: ours counts when it leaves, theirs when it arrives.
[[nodiscard]] std::optional<Observation> observe(const net::ReceivedPacket& packet, const FourTuple& tuple);

}  // namespace tcp::trace
