// SPDX-License-Identifier: MIT
// From a captured frame through whatever it is wrapped in to the innermost TCP segment or ICMP message, and the way
// there. No allocation.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "libtcp/packet/decode.hpp"

namespace tcp::packet {

enum class TunnelKind : std::uint8_t {
  ipv4,    // IPv4 in IP (RFC 2003, RFC 2473)
  ipv6,    // IPv6 in IP, 6in4 (RFC 4213)
  gre,     // RFC 2784, 2890; in UDP too (RFC 8086); PPTP's (RFC 2637)
  erspan,  // a mirrored frame
  vxlan,   // RFC 7348
  geneve,  // RFC 8926
  gtp_u,   // 3GPP TS 29.281
  teredo,  // RFC 4380
};

struct TunnelLayer {
  TunnelKind kind = TunnelKind::ipv4;
  bool has_identifier = false;
  std::uint32_t identifier = 0;  // network identifier (VNI), GRE key, session or TEID
  IpAddress source;              // of the packet outside
  IpAddress destination;
};

inline constexpr std::size_t kMaxTunnels = 6;

// What a packet was wrapped in, outermost first.
struct WayIn {
  std::array<LinkTags, kMaxTunnels + 1> tags{};  // tags[i]: between the link header and IP before tunnel i
  std::array<TunnelLayer, kMaxTunnels> tunnels{};
  std::uint8_t tunnel_count = 0;

  [[nodiscard]] bool plain() const noexcept { return tunnel_count == 0 && tags[0] == LinkTags{}; }
  // Differs for flows that must be kept apart and is the same in both directions: VXLAN's and Geneve's network
  // identifiers, VLANs, PPPoE sessions and the pair of outer addresses count; what each direction may number for itself
  // (MPLS labels, TEIDs, GRE keys of a mirror) does not. 0 when plain.
  [[nodiscard]] std::uint32_t flow_key() const noexcept;
};

// A packet whose innermost content is no TCP comes back as far as it could be followed.
[[nodiscard]] DecodedPacket decode_innermost(Bytes frame, LinkType link_type, WayIn& way);

[[nodiscard]] std::string_view to_string(TunnelKind kind);
// "vlan 42 > vxlan 7 (192.0.2.1 > 192.0.2.2)"; empty when plain.
[[nodiscard]] std::string to_string(const WayIn& way);

}  // namespace tcp::packet
