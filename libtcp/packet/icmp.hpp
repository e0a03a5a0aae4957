// SPDX-License-Identifier: MIT
// ICMP (RFC 792, 1812) and ICMPv6 (RFC 4443) errors, with the quoted packet and RFC 4884's extensions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/packet/bytes.hpp"

namespace tcp::packet {

struct IcmpHeader {
  Family family = Family::v4;  // which ICMP: the type numbers differ
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint16_t checksum = 0;
  std::uint32_t rest = 0;  // the four bytes whose meaning the type decides (next-hop MTU, pointer, echo identifier)

  // Destination unreachable, time exceeded, parameter problem, packet too big, source quench, redirect.
  [[nodiscard]] bool is_error() const noexcept;
  [[nodiscard]] bool is_unreachable() const noexcept;
  [[nodiscard]] bool is_time_exceeded() const noexcept;
  // Next-hop MTU of "fragmentation needed" (RFC 1191) or "packet too big"; nothing when it is neither or zero.
  [[nodiscard]] std::optional<std::uint32_t> next_hop_mtu() const noexcept;
  friend bool operator==(const IcmpHeader&, const IcmpHeader&) = default;
};

struct IcmpView {
  IcmpHeader header;
  Bytes body;        // everything behind the eight bytes
  Bytes quoted;      // for an error: the quoted IP packet, without extensions; otherwise empty
  Bytes extensions;  // RFC 4884 objects (MPLS: RFC 4950) behind the quote and their four-byte header, otherwise empty
};

// Only fewer than eight bytes are an error (truncated). Extensions count only with version 2 and a right checksum.
[[nodiscard]] IcmpView parse_icmp(Bytes bytes, Family family, ParseError& error);
// The checksum is written as given in the header; extensions are part of the body.
bool serialize(Writer& writer, const IcmpHeader& header, Bytes body = {});

// ICMP: over the message alone. ICMPv6: with the pseudo-header. 0 over bytes whose checksum is right.
[[nodiscard]] std::uint16_t icmp_checksum(Bytes message);
[[nodiscard]] std::uint16_t icmpv6_checksum(const IpAddress& source, const IpAddress& destination, Bytes message);

// "port unreachable", "administratively prohibited", "time exceeded in transit", "packet too big", …; for an unknown
// pair "type 3 code 77".
[[nodiscard]] std::string to_string(const IcmpHeader& header);

// The quoted packet of an error as far as it was quoted: RFC 792 promises eight bytes of TCP, Linux gives all.
struct QuotedSegment {
  Endpoint source;  // of the packet that met the error
  Endpoint destination;
  std::uint8_t protocol = 0;
  std::uint32_t sequence = 0;
  std::uint8_t time_to_live = 0;  // as the quoting router saw it
  std::uint8_t dscp = 0;
  std::uint8_t ecn = 0;
  std::uint16_t identification = 0;  // IPv4 only
  bool dont_fragment = false;        // IPv4 only
  std::uint32_t flow_label = 0;      // IPv6 only
  std::size_t segment_length = 0;    // of the TCP segment as the quoted IP header says; routers write it wrong at times
  Bytes segment;                     // what was quoted of it, at least 8 bytes
};

// Nothing when the quote is no TCP or too short for ports and sequence number.
[[nodiscard]] std::optional<QuotedSegment> parse_quoted_tcp(Bytes quoted, Family family);

// An echo request that met an error.
struct QuotedEcho {
  IpAddress destination;
  std::uint16_t identifier = 0;
  std::uint16_t sequence = 0;
};

// Nothing when the quote is no echo request of that family, or too short for its identifier and sequence number.
[[nodiscard]] std::optional<QuotedEcho> parse_quoted_echo(Bytes quoted, Family family);

}  // namespace tcp::packet
