// SPDX-License-Identifier: MIT
// What is to be connected to, as people name it: a host and a port, or a Unix-domain socket.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "libtcp/stream/address.hpp"

namespace tcp::stream {

struct HostTarget {
  std::string host;  // a name or an address
  std::uint16_t port = 0;
  friend bool operator==(const HostTarget&, const HostTarget&) = default;
};

using Target = std::variant<HostTarget, UnixName>;

// "example.org:443", "[::1]:443", "unix:/run/x.sock"
[[nodiscard]] std::string to_string(const HostTarget& target);
[[nodiscard]] std::string to_string(const Target& target);

}  // namespace tcp::stream
