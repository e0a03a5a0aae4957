// SPDX-License-Identifier: MIT
// Sees IP packets as they pass this host's interfaces, with the kernel's own timestamps (AF_PACKET, cooked: the link
// header is taken off, so Ethernet, tun, WireGuard and loopback look alike).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/bpf.hpp"

namespace tcp::net {

struct PacketSocketOptions {
  std::optional<std::uint32_t> interface_index = {};  // absent: all interfaces
  BpfProgram filter = {};                             // empty: everything
  bool ignore_outgoing = false;                       // PACKET_IGNORE_OUTGOING
  std::uint32_t receive_buffer_bytes = 4U << 20;
};

struct ReceivedPacket {
  std::span<const std::uint8_t> bytes;  // from the IP header on; valid until the next receive()
  std::uint32_t original_length = 0;    // on the wire; larger than bytes.size() when cut
  WallTime time;                        // when the kernel saw it
  std::uint32_t interface_index = 0;
  bool outgoing = false;  // sent by this host (on loopback each packet is seen both ways)
  bool checksum_pending =
      false;  // the sender's checksum was left to hardware or never computed (TP_STATUS_CSUMNOTREADY)
};

class PacketSocket {
 public:
  // Needs CAP_NET_RAW. Nothing is received before the filter is in place.
  [[nodiscard]] static Result<PacketSocket> open(const PacketSocketOptions& options);

  // The next packet, or nothing at the deadline or when a signal came.
  [[nodiscard]] Result<std::optional<ReceivedPacket>> receive(MonotonicTime deadline);

  // Packets that passed the filter and were lost for want of room, since the last call.
  [[nodiscard]] Result<std::uint64_t> take_drop_count();

  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  explicit PacketSocket(UniqueFd fd);
  UniqueFd fd_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace tcp::net
