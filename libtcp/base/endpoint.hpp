// SPDX-License-Identifier: MIT
// One end of a TCP connection, the pair of ends, and their kernel form.
#pragma once

#include <sys/socket.h>

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "libtcp/base/ip_address.hpp"

namespace tcp {

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  friend auto operator<=>(const Endpoint&, const Endpoint&) noexcept = default;
};

struct FourTuple {
  Endpoint local;
  Endpoint remote;

  friend auto operator<=>(const FourTuple&, const FourTuple&) noexcept = default;
};

// "192.0.2.1:443", "[2001:db8::1]:443"
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

// A host and what follows it, not yet resolved: "example.org:443", "[::1]:22", "::1", "192.0.2.1".
struct HostPort {
  std::string host;     // without brackets
  std::string service;  // number or name as written; empty when there was none
};

// More than one colon without brackets is a bare IPv6 address. Errors: empty host, unbalanced bracket, empty service.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);

// A socket address and its length in the kernel's form.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  [[nodiscard]] const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
};

[[nodiscard]] SocketAddress to_socket_address(const Endpoint& endpoint) noexcept;
// Errors: neither AF_INET nor AF_INET6.
[[nodiscard]] Result<Endpoint> from_socket_address(const sockaddr* address, socklen_t length);
// AF_INET or AF_INET6.
[[nodiscard]] int to_address_family(Family family) noexcept;

}  // namespace tcp

template <>
struct std::hash<tcp::Endpoint> {
  std::size_t operator()(const tcp::Endpoint& endpoint) const noexcept {
    return std::hash<tcp::IpAddress>()(endpoint.address) * 31 + endpoint.port;
  }
};
