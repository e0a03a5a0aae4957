// SPDX-License-Identifier: MIT
// The PROXY protocol (haproxy's proxy-protocol.txt): a header before a connection's first byte, in which a proxy says
// whose connection it is. Version 1 is a line of text, version 2 is binary. Neither I/O nor a clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/stream/address.hpp"

namespace tcp::stream {

enum class ProxyVersion : std::uint8_t { v1 = 1, v2 = 2 };

inline constexpr std::size_t kLongestProxyLine = 107;            // version 1, with its CR LF
inline constexpr std::size_t kLongestProxyHeader = 16 + 0xffff;  // version 2, with all that its length can say

struct ProxyHeader {
  ProxyVersion version = ProxyVersion::v1;
  std::size_t size = 0;  // bytes; what follows is payload
  // The client's connection with the proxy: `remote` is the source, `local` the destination. Absent when the connection
  // is the proxy's own or of an unknown kind (LOCAL, UNKNOWN, AF_UNSPEC).
  std::optional<AddressPair> addresses;
};

// The header that `bytes` begin with, or nothing while all of them belong to one that is not complete yet: never more
// than kLongestProxyHeader. TLVs are skipped, except that a checksum (PP2_TYPE_CRC32C) must be right. IPv4-mapped
// addresses become IPv4. Errors: malformed, with the reason as the detail, as soon as no byte that follows can mend it.
[[nodiscard]] Result<std::optional<ProxyHeader>> parse_proxy_header(std::span<const std::byte> bytes);

// The header of a connection between these two. What a version has no words for is UNKNOWN or AF_UNSPEC; one IPv4 and
// one IPv6 address are both written as IPv6.
[[nodiscard]] std::vector<std::byte> serialize_proxy_header(ProxyVersion version, const AddressPair& addresses);

}  // namespace tcp::stream
