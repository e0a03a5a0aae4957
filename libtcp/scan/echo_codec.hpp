// SPDX-License-Identifier: MIT
// Echo requests that prove what answers them, without state: 28 bits of a cookie in identifier and sequence number,
// which an error quotes, the number of the try beside them, and the whole cookie in the payload, which a reply repeats.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "libtcp/base/ip_address.hpp"
#include "libtcp/packet/bytes.hpp"
#include "libtcp/scan/answer.hpp"
#include "libtcp/scan/cookie.hpp"

namespace tcp::scan {

// Echo requests have no port; this one stands for them where a probe needs one.
inline constexpr std::uint16_t kEchoPort = 0;

class EchoCodec {
 public:
  static constexpr std::size_t kRequestBytes = 16;
  using Request = std::array<std::uint8_t, kRequestBytes>;

  explicit EchoCodec(const CookieKey& key) noexcept : key_(key) {}

  // ICMP or ICMPv6 by the family of the destination. The checksum of an ICMPv6 message is left to the kernel.
  [[nodiscard]] Request make_request(const IpAddress& destination, std::uint8_t attempt) const;

  // A message from its ICMP header on, whose checksum was found right. Nothing unless it answers a request of ours, or
  // is an error that quotes one. A ping socket has changed the identifier, so a reply is proved without it.
  [[nodiscard]] std::optional<Answer> read(const IpAddress& sender, packet::Bytes message) const;

 private:
  struct Numbers {
    std::uint16_t identifier = 0;
    std::uint16_t sequence = 0;
    std::uint64_t cookie = 0;
  };
  [[nodiscard]] Numbers numbers_of(const IpAddress& destination, std::uint8_t attempt) const noexcept;
  [[nodiscard]] std::optional<Answer> read_reply(const IpAddress& sender, std::uint32_t rest, packet::Bytes body) const;
  [[nodiscard]] std::optional<Answer> read_error(const IpAddress& sender, const packet::IcmpView& error) const;

  CookieKey key_;
};

}  // namespace tcp::scan
