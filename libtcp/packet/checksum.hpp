// SPDX-License-Identifier: MIT
// The Internet checksum (RFC 1071).
#pragma once

#include <cstdint>

#include "libtcp/base/ip_address.hpp"
#include "libtcp/packet/bytes.hpp"

namespace tcp::packet {

class Checksum {
 public:
  // Any number of pieces; a piece of odd length must be the last.
  void add(Bytes bytes) noexcept;
  void add_u16(std::uint16_t value) noexcept { sum_ += value; }
  void add_u32(std::uint32_t value) noexcept { sum_ += (value >> 16) + (value & 0xffff); }
  // RFC 9293 §3.1 for IPv4, RFC 8200 §8.1 for IPv6.
  void add_pseudo_header(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                         std::uint32_t length) noexcept;
  // The complement of the sum with every carry folded in.
  [[nodiscard]] std::uint16_t finish() const noexcept;

 private:
  std::uint64_t sum_ = 0;
};

[[nodiscard]] std::uint16_t internet_checksum(Bytes bytes) noexcept;

}  // namespace tcp::packet
