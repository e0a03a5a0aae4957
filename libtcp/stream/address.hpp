// SPDX-License-Identifier: MIT
// Where one end of a conversation is: an IP address with a port, or the name of a Unix-domain socket (unix(7)).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "libtcp/base/endpoint.hpp"

namespace tcp::stream {

// A path, "@name" for an abstract one, empty for a socket without a name.
struct UnixName {
  std::string path;
  friend bool operator==(const UnixName&, const UnixName&) = default;
};

using Address = std::variant<Endpoint, UnixName>;

// Of one connection.
struct AddressPair {
  Address local;
  Address remote;
  std::optional<Address> via = {};  // the proxy that told us of both (see proxy_protocol.hpp)
};

[[nodiscard]] std::string to_string(const UnixName& name);
// "192.0.2.1:443", "unix:/run/x.sock", "unix:@name", "unix:" without a name.
[[nodiscard]] std::string to_string(const Address& address);

// What follows "unix:". Errors: empty, longer than the kernel's 107 bytes, a NUL byte.
[[nodiscard]] Result<UnixName> parse_unix_name(std::string_view text);

[[nodiscard]] SocketAddress to_socket_address(const Address& address) noexcept;

// As the kernel says. IPv4-mapped addresses become IPv4; 0.0.0.0:0 when there is none.
[[nodiscard]] Address local_address(int fd);
[[nodiscard]] Address remote_address(int fd);
// What accept(2) and the like filled in; likewise.
[[nodiscard]] Address from_kernel(const SocketAddress& address);

}  // namespace tcp::stream
