// SPDX-License-Identifier: MIT
// From a captured frame to its innermost TCP segment or ICMP message. No I/O, no clock, no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/packet/bytes.hpp"
#include "libtcp/packet/ethernet.hpp"
#include "libtcp/packet/icmp.hpp"
#include "libtcp/packet/ipv4.hpp"
#include "libtcp/packet/ipv6.hpp"
#include "libtcp/packet/tcp_header.hpp"

namespace tcp::packet {

// The values are LINKTYPE_ numbers of the pcap formats.
enum class LinkType : std::uint16_t {
  null = 0,  // BSD loopback: family in the capturing host's byte order
  ethernet = 1,
  ppp = 9,
  fddi = 10,
  raw = 101,   // IPv4 or IPv6 by its version nibble; DLT_RAW 12 and 14 mean the same
  loop = 108,  // OpenBSD loopback: family in network byte order
  ieee802_11 = 105,
  linux_sll = 113,  // Linux cooked v1
  ipv4 = 228,
  ipv6 = 229,
  nflog = 239,       // Linux netfilter log
  linux_sll2 = 276,  // Linux cooked v2
};

struct VlanStack {
  std::uint8_t count = 0;
  std::array<std::uint16_t, kMaxVlanTags> identifiers{};  // outermost first
  friend bool operator==(const VlanStack&, const VlanStack&) = default;
};

// What stood between the link header and the IP header.
struct LinkTags {
  VlanStack vlans;
  std::uint8_t mpls_count = 0;
  std::uint32_t mpls_label = 0;                // the innermost
  std::optional<std::uint16_t> pppoe_session;  // RFC 2516
  friend bool operator==(const LinkTags&, const LinkTags&) = default;
};

// Views into the frame, which must outlive it.
struct DecodedPacket {
  ParseError error = ParseError::none;  // what stopped the decoding; everything before it is filled in
  LinkTags tags;
  std::variant<std::monostate, Ipv4Header, Ipv6Header> network;
  Bytes network_bytes;        // the whole IP packet as captured, clipped to its own length
  std::uint8_t protocol = 0;  // of the upper layer, behind IPv6 extension headers
  bool is_fragment = false;
  bool is_later_fragment = false;  // then there is no transport
  // A segment whose options a short snapshot cut off is there as far as it goes, with `error` truncated.
  std::variant<std::monostate, TcpSegmentView, IcmpView> transport;
  Bytes transport_bytes;               // from the first byte behind the IP headers, as captured
  std::uint32_t transport_length = 0;  // what the IP header says was sent, also when less was captured
  IpAddress source;                    // as the transport knows them: behind a home address option and a routing header
  IpAddress destination;

  [[nodiscard]] const TcpSegmentView* tcp() const noexcept { return std::get_if<TcpSegmentView>(&transport); }
  [[nodiscard]] const IcmpView* icmp() const noexcept { return std::get_if<IcmpView>(&transport); }
  [[nodiscard]] std::uint8_t time_to_live() const noexcept;  // TTL or hop limit; 0 without a network header
  [[nodiscard]] Endpoint source_endpoint() const noexcept;   // port 0 when it is no TCP
  [[nodiscard]] Endpoint destination_endpoint() const noexcept;
  // Payload bytes that were sent, also when a short snapshot did not keep them.
  [[nodiscard]] std::uint32_t tcp_payload_length() const noexcept;
};

[[nodiscard]] DecodedPacket decode(Bytes frame, LinkType link_type);
// The same from the IP header on (version nibble decides).
[[nodiscard]] DecodedPacket decode_ip(Bytes packet);

enum class ChecksumState : std::uint8_t {
  good,
  bad,
  unknown
};  // unknown: truncated, fragment, or neither TCP nor ICMP
[[nodiscard]] ChecksumState verify_transport_checksum(const DecodedPacket& packet);

}  // namespace tcp::packet
