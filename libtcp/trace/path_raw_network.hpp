// SPDX-License-Identifier: MIT
// The wire of a path trace through a raw IP socket (out) and a packet socket (both directions, the kernel's times).
#pragma once

#include "libtcp/net/packet_socket.hpp"
#include "libtcp/net/raw_ip_socket.hpp"
#include "libtcp/trace/path_network.hpp"

namespace tcp::trace {

struct PathRawNetworkOptions {
  Endpoint remote;
  std::uint16_t first_port = 0;  // local ports whose segments are seen
  std::uint16_t last_port = 0;
};

class PathRawNetwork final : public PathNetwork {
 public:
  // Needs CAP_NET_RAW, and nothing any more once it is open.
  [[nodiscard]] static Result<PathRawNetwork> open(const PathRawNetworkOptions& options);

  [[nodiscard]] Result<void> send(const FourTuple& tuple, const Segment& segment, std::size_t payload_bytes) override;
  [[nodiscard]] Result<std::optional<PathObservation>> receive(MonotonicTime deadline) override;

 private:
  PathRawNetwork(PathRawNetworkOptions options, net::PacketSocket packets, net::RawIpSocket raw)
      : options_(std::move(options)), packets_(std::move(packets)), raw_(std::move(raw)) {}
  PathRawNetworkOptions options_;
  net::PacketSocket packets_;
  net::RawIpSocket raw_;
};

// What a received packet is to a path trace; nothing when it has to do with another host or other ports. On loopback
// each packet is seen leaving and arriving: ours counts when it leaves, theirs when it arrives.
[[nodiscard]] std::optional<PathObservation> observe_path(const net::ReceivedPacket& packet,
                                                          const PathRawNetworkOptions& options);

}  // namespace tcp::trace
