// SPDX-License-Identifier: MIT
// The IPv4 header (RFC 791 §3.1).
#pragma once

#include <array>
#include <cstdint>

#include "libtcp/base/ip_address.hpp"
#include "libtcp/packet/bytes.hpp"

namespace tcp::packet {

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// |Version|  IHL  |    DSCP   |ECN|          Total Length         |
// |         Identification        |0|D|M|     Fragment Offset     |
// |  Time to Live |    Protocol   |         Header Checksum       |
// |                       Source Address                          |
// |                    Destination Address                        |
// |                           [Options]                           |

inline constexpr std::size_t kIpv4HeaderLength = 20;  // without options

namespace ip_protocol {
inline constexpr std::uint8_t hop_by_hop = 0;
inline constexpr std::uint8_t icmp = 1;
inline constexpr std::uint8_t ipv4 = 4;
inline constexpr std::uint8_t tcp = 6;
inline constexpr std::uint8_t udp = 17;
inline constexpr std::uint8_t ipv6 = 41;
inline constexpr std::uint8_t routing = 43;
inline constexpr std::uint8_t fragment = 44;
inline constexpr std::uint8_t gre = 47;
inline constexpr std::uint8_t esp = 50;
inline constexpr std::uint8_t authentication = 51;
inline constexpr std::uint8_t icmpv6 = 58;
inline constexpr std::uint8_t none = 59;
inline constexpr std::uint8_t destination_options = 60;
inline constexpr std::uint8_t mobility = 135;
}  // namespace ip_protocol

struct Ipv4Header {
  std::uint8_t dscp = 0;           // 6 bits
  std::uint8_t ecn = 0;            // 2 bits
  std::uint16_t total_length = 0;  // bytes; serialize() writes it as given
  std::uint16_t identification = 0;
  bool dont_fragment = false;
  bool more_fragments = false;
  std::uint16_t fragment_offset = 0;  // in units of 8 bytes
  std::uint8_t time_to_live = 64;
  std::uint8_t protocol = 0;
  std::uint16_t checksum = 0;
  IpAddress source;
  IpAddress destination;
  std::uint8_t options_length = 0;  // bytes, a multiple of 4, at most 40
  std::array<std::uint8_t, 40> options{};

  [[nodiscard]] std::size_t header_length() const noexcept { return kIpv4HeaderLength + options_length; }
  [[nodiscard]] bool is_fragment() const noexcept { return more_fragments || fragment_offset != 0; }
  friend bool operator==(const Ipv4Header&, const Ipv4Header&) = default;
};

// Leaves the reader behind the header. A total length below the header's is bad_length, except 0: a capture on the
// sending host shows it when the packet outgrew the field and the device will cut it up (segmentation offload). A
// captured packet shorter than its total length is not an error here (decode clips it).
[[nodiscard]] Ipv4Header parse_ipv4_header(Reader& reader, ParseError& error);

// Writes the header with its checksum computed (header.checksum is ignored).
bool serialize(Writer& writer, const Ipv4Header& header);

// Over a header whose checksum field is right the result is 0.
[[nodiscard]] std::uint16_t ipv4_header_checksum(Bytes header);

}  // namespace tcp::packet
