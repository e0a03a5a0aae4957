// SPDX-License-Identifier: MIT
// Sees IP packets as a packet socket does, out of memory that is shared with the kernel: no system call and no copy a
// packet, and room for tens of thousands of them (AF_PACKET, PACKET_RX_RING, cooked).
//
// TPACKET_V2: each packet is there, and wakes a waiter, as soon as the kernel has it. The blocks of TPACKET_V3 hold
// more but are handed over when they are full or a timer of 1 to 4 ms fires, which a scan that clocks itself on answers
// would feel in each of its round trips.
#pragma once

#include <cstdint>
#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/net/bpf.hpp"
#include "libtcp/net/mapping.hpp"
#include "libtcp/net/packet_socket.hpp"

namespace tcp::net {

// The most that is kept of a packet: an ICMPv6 error with the whole SYN that it quotes has 128.
inline constexpr std::uint32_t kRingSnapshotBytes = 160;

struct PacketRingOptions {
  BpfProgram filter = {};          // empty: everything
  std::uint32_t bytes = 8U << 20;  // of the ring: 256 a packet
};

class PacketRing {
 public:
  // All interfaces, incoming packets only. Needs CAP_NET_RAW. Nothing is received before the filter is in place.
  [[nodiscard]] static Result<PacketRing> open(const PacketRingOptions& options);

  // The oldest packet that is there, nothing when there is none. Its bytes are valid until the next call.
  [[nodiscard]] std::optional<ReceivedPacket> next() noexcept;

  // True when there is a packet, false at the deadline or when a signal came.
  [[nodiscard]] Result<bool> wait(MonotonicTime deadline);

  // Packets that passed the filter and were lost for want of room, since the last call.
  [[nodiscard]] Result<std::uint64_t> take_drop_count();

 private:
  PacketRing(UniqueFd fd, Mapping memory, std::uint32_t slots);
  [[nodiscard]] bool has_packet() const noexcept;
  void release_current() noexcept;

  UniqueFd fd_;
  Mapping memory_;
  std::uint32_t slots_;
  std::uint32_t position_ = 0;  // of the oldest slot that was not yet given back
  bool holding_ = false;        // the slot at `position_` was handed out
};

}  // namespace tcp::net
