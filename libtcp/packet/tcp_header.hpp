// SPDX-License-Identifier: MIT
// The TCP header (RFC 9293 §3.1), with the AE bit of RFC 9768.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libtcp/base/ip_address.hpp"
#include "libtcp/packet/bytes.hpp"
#include "libtcp/packet/tcp_options.hpp"

namespace tcp::packet {

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
// |          Source Port          |       Destination Port        |
// |                        Sequence Number                        |
// |                    Acknowledgment Number                      |
// | Offset| Rsrv|A|C|E|U|A|P|R|S|F|            Window             |
// |           Checksum            |         Urgent Pointer        |
// |                           [Options]                           |

// Control bits; `ae` is the ninth (RFC 9768, formerly NS).
namespace control {
inline constexpr std::uint16_t fin = 0x001;
inline constexpr std::uint16_t syn = 0x002;
inline constexpr std::uint16_t rst = 0x004;
inline constexpr std::uint16_t psh = 0x008;
inline constexpr std::uint16_t ack = 0x010;
inline constexpr std::uint16_t urg = 0x020;
inline constexpr std::uint16_t ece = 0x040;
inline constexpr std::uint16_t cwr = 0x080;
inline constexpr std::uint16_t ae = 0x100;
}  // namespace control

inline constexpr std::size_t kTcpHeaderLength = 20;     // without options
inline constexpr std::size_t kMaxTcpHeaderLength = 60;  // offset field of 15

struct TcpHeader {
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
  std::uint8_t data_offset = 5;  // in 32-bit words; serialize() derives it from the options
  std::uint8_t reserved = 0;     // three bits
  std::uint16_t control_bits = 0;
  std::uint16_t window = 0;  // as on the wire, unscaled
  std::uint16_t checksum = 0;
  std::uint16_t urgent_pointer = 0;

  [[nodiscard]] constexpr bool has(std::uint16_t bits) const noexcept { return (control_bits & bits) == bits; }
  [[nodiscard]] constexpr bool is_syn_only() const noexcept {
    return has(control::syn) && !has(control::ack) && !has(control::rst);
  }
  [[nodiscard]] constexpr bool is_syn_ack() const noexcept {
    return has(control::syn | control::ack) && !has(control::rst);
  }
  friend bool operator==(const TcpHeader&, const TcpHeader&) = default;
};

// A parsed segment: views into the bytes it was parsed from, which must outlive it.
struct TcpSegmentView {
  TcpHeader header;
  Bytes options;  // raw, still to be read by parse_tcp_options
  Bytes payload;  // what was captured of it
};

// Reads header, option bytes and payload. `error` is bad_length for an offset below 5 and truncated when the bytes end
// inside the header; which of the two a too large offset really is, the IP length tells (decode does). On an error the
// fields that fit are filled, the rest zero.
[[nodiscard]] TcpSegmentView parse_tcp_segment(Bytes bytes, ParseError& error);

// Writes header, options (padded with zeros to 32 bits) and payload, with a right data offset; the checksum field is
// written as given in the header. Returns false when it does not fit the writer or the options exceed 40 bytes.
bool serialize(Writer& writer, const TcpHeader& header, const TcpOptions& options, Bytes payload = {});

// The checksum of a whole segment (header, options, payload) between two addresses; over bytes whose checksum field is
// right the result is 0 (RFC 9293 §3.1, RFC 8200 §8.1).
[[nodiscard]] std::uint16_t tcp_checksum(const IpAddress& source, const IpAddress& destination, Bytes segment);

// "S.", "R", "F.", "SEW" in packetdrill's and tcpdump's letters: S F R P . U E W, A for AE; "-" for none.
[[nodiscard]] std::string to_string_control_bits(std::uint16_t control_bits);
// The inverse, letters in any order. Nothing when a letter is unknown or repeated, or when there is none.
[[nodiscard]] std::optional<std::uint16_t> parse_control_bits(std::string_view letters);

}  // namespace tcp::packet
