// SPDX-License-Identifier: MIT
// A whole IP packet with one TCP segment, lengths and checksums right, ready for a raw socket.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/packet/bytes.hpp"
#include "libtcp/packet/tcp_header.hpp"

namespace tcp::packet {

// The IP fields that a sender of segments chooses; the defaults are Linux's.
struct IpFields {
  std::uint8_t time_to_live = 64;
  std::uint8_t dscp = 0;
  std::uint8_t ecn = 0;
  std::uint16_t identification = 0;  // IPv4 only
  bool dont_fragment = true;         // IPv4 only
  std::uint32_t flow_label = 0;      // IPv6 only
};

// Source and destination port come from the endpoints (those in `header` are ignored), the family from the addresses,
// which must agree. Returns the bytes written into `buffer`; empty when it does not fit.
[[nodiscard]] Bytes build_tcp_packet(std::span<std::uint8_t> buffer, const Endpoint& source,
                                     const Endpoint& destination, const IpFields& ip, TcpHeader header,
                                     const TcpOptions& options, Bytes payload = {});

}  // namespace tcp::packet
