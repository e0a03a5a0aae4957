// SPDX-License-Identifier: MIT
// A conversation as the TCP segments that could have carried it: handshake, data with its acknowledgments, FIN or RST,
// with sequence numbers and checksums as they have to be. For tools that read packets.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "libtcp/packet/bytes.hpp"
#include "libtcp/stream/tap.hpp"

namespace tcp::stream {

class SyntheticFlow {
 public:
  // Takes an IP packet; it is valid during the call.
  using Sink = std::function<void(packet::Bytes)>;

  // A Unix-domain socket has no IP address: it becomes ::1 with the conversation's id as the remote port.
  SyntheticFlow(const TapContext& context, Sink sink);

  void handshake();
  void data(Way way, std::span<const std::byte> bytes);
  void fin(Way way);
  // The connection is gone, unless both ways have ended before.
  void reset(Way way);
  // We let go of it: a FIN when the other end has sent its own, otherwise a reset.
  void close();

 private:
  struct Side {
    Endpoint endpoint;
    std::uint32_t next = 0;  // SND.NXT
    bool ended = false;
  };
  [[nodiscard]] Side& side(Way way) noexcept { return sides_[way == Way::sent ? 0 : 1]; }
  void segment(Way way, std::uint16_t control_bits, packet::Bytes payload = {});

  std::array<Side, 2> sides_;  // ours, theirs
  bool opened_here_;
  Sink sink_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace tcp::stream
