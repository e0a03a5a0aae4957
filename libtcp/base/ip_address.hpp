// SPDX-License-Identifier: MIT
// An IPv4 or IPv6 address, and a prefix of them.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "libtcp/base/error.hpp"

namespace tcp {

enum class Family : std::uint8_t { v4, v6 };

[[nodiscard]] std::string_view to_string(Family family);

class IpAddress {
 public:
  constexpr IpAddress() = default;  // 0.0.0.0

  // `address` in host byte order: 0x7f000001 is 127.0.0.1.
  [[nodiscard]] static constexpr IpAddress v4(std::uint32_t address) noexcept {
    IpAddress ip;
    for (int i = 0; i < 4; ++i)
      ip.bytes_[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(address >> (24 - 8 * i));
    return ip;
  }
  // Network byte order. `scope_id` is an interface index, 0 for none (RFC 4007).
  [[nodiscard]] static constexpr IpAddress v6(const std::array<std::uint8_t, 16>& bytes,
                                              std::uint32_t scope_id = 0) noexcept {
    IpAddress ip;
    ip.bytes_ = bytes;
    ip.scope_id_ = scope_id;
    ip.family_ = Family::v6;
    return ip;
  }
  [[nodiscard]] static IpAddress any(Family family) noexcept;
  [[nodiscard]] static IpAddress loopback(Family family) noexcept;

  [[nodiscard]] constexpr Family family() const noexcept { return family_; }
  [[nodiscard]] constexpr bool is_v4() const noexcept { return family_ == Family::v4; }
  [[nodiscard]] constexpr bool is_v6() const noexcept { return family_ == Family::v6; }
  [[nodiscard]] constexpr std::uint32_t scope_id() const noexcept { return scope_id_; }
  [[nodiscard]] constexpr unsigned bits() const noexcept { return is_v4() ? 32 : 128; }

  // 4 or 16 bytes in network order; the view lives as long as the address.
  [[nodiscard]] constexpr std::span<const std::uint8_t> bytes() const noexcept {
    return {bytes_.data(), is_v4() ? std::size_t{4} : std::size_t{16}};
  }
  // Host byte order; only for an IPv4 address.
  [[nodiscard]] std::uint32_t to_v4() const noexcept;
  // ::ffff:a.b.c.d becomes a.b.c.d; anything else is itself.
  [[nodiscard]] IpAddress unmapped() const noexcept;
  [[nodiscard]] IpAddress without_scope() const noexcept;
  [[nodiscard]] IpAddress with_scope(std::uint32_t scope_id) const noexcept;

  [[nodiscard]] bool is_any() const noexcept;
  [[nodiscard]] bool is_loopback() const noexcept;
  [[nodiscard]] bool is_link_local() const noexcept;
  [[nodiscard]] bool is_multicast() const noexcept;
  [[nodiscard]] bool is_broadcast() const noexcept;
  [[nodiscard]] bool is_v4_mapped() const noexcept;
  // RFC 1918, RFC 4193, loopback and link-local: nobody else's network.
  [[nodiscard]] bool is_private() const noexcept;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) noexcept = default;

 private:
  Family family_ = Family::v4;
  std::array<std::uint8_t, 16> bytes_{};  // IPv4: the first four, the rest zero
  std::uint32_t scope_id_ = 0;
};

// "192.0.2.1", "2001:db8::1" (RFC 5952), "fe80::1%eth0" (the index when the interface has no name here).
[[nodiscard]] std::string to_string(const IpAddress& address);

// The inverse; dotted quads only, no octal, no shortened forms. A zone is an interface name or index.
[[nodiscard]] Result<IpAddress> parse_ip_address(std::string_view text);

struct Prefix {
  IpAddress address;  // host bits are zero
  unsigned length = 0;

  [[nodiscard]] bool contains(const IpAddress& other) const noexcept;
  friend auto operator<=>(const Prefix&, const Prefix&) noexcept = default;
};

// Clears the host bits. `length` at most address.bits().
[[nodiscard]] Prefix make_prefix(const IpAddress& address, unsigned length) noexcept;
[[nodiscard]] std::string to_string(const Prefix& prefix);
// "10.0.0.0/8"; a bare address is a prefix of full length. Host bits that are set are cleared.
[[nodiscard]] Result<Prefix> parse_prefix(std::string_view text);

}  // namespace tcp

template <>
struct std::hash<tcp::IpAddress> {
  std::size_t operator()(const tcp::IpAddress& address) const noexcept;
};
