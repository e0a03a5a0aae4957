// SPDX-License-Identifier: MIT
// The IPv6 header (RFC 8200 §3) and the walk over its extension headers (§4).
#pragma once

#include <cstdint>

#include "libtcp/base/ip_address.hpp"
#include "libtcp/packet/bytes.hpp"
#include "libtcp/packet/ipv4.hpp"

namespace tcp::packet {

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// |Version|   DSCP    |ECN|              Flow Label               |
// |         Payload Length        |  Next Header  |   Hop Limit   |
// |                     Source Address (16)                       |
// |                   Destination Address (16)                    |

inline constexpr std::size_t kIpv6HeaderLength = 40;

struct Ipv6Header {
  std::uint8_t dscp = 0;
  std::uint8_t ecn = 0;
  std::uint32_t flow_label = 0;  // 20 bits
  std::uint16_t payload_length = 0;
  std::uint8_t next_header = 0;
  std::uint8_t hop_limit = 64;
  IpAddress source = IpAddress::v6({});
  IpAddress destination = IpAddress::v6({});

  friend bool operator==(const Ipv6Header&, const Ipv6Header&) = default;
};

[[nodiscard]] Ipv6Header parse_ipv6_header(Reader& reader, ParseError& error);
bool serialize(Writer& writer, const Ipv6Header& header);

// What the chain of extension headers leads to.
struct ExtensionWalk {
  std::uint8_t protocol = 0;          // the upper layer, or the header at which the walk had to stop
  bool is_fragment = false;           // a fragment header with an offset or more to come (an atomic fragment is whole)
  std::uint16_t fragment_offset = 0;  // in units of 8 bytes
  bool more_fragments = false;
  IpAddress final_destination;  // by a routing header with segments left, otherwise the header's own
  IpAddress original_source;    // by a home address option (RFC 6275 §6.3), otherwise the header's own
};

// The two addresses are those of the upper layer's pseudo-header (RFC 8200 §8.1): of routing headers, types 0 (RFC
// 5095), 2 (RFC 6275) and 4 (RFC 8754) are understood. Leaves the reader at the upper layer. At most 8 extension
// headers are followed (too_deep).
[[nodiscard]] ExtensionWalk walk_extension_headers(Reader& reader, const Ipv6Header& header, ParseError& error);

}  // namespace tcp::packet
