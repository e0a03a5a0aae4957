// SPDX-License-Identifier: MIT
// Where a connection was going before a rule of netfilter brought it to a socket of ours.
#pragma once

#include <optional>

#include "libtcp/base/endpoint.hpp"

namespace tcp::net {

// As connection tracking remembers it, for an accepted socket whose destination was changed (REDIRECT, DNAT). Nothing:
// it does not know the connection, or is not there.
[[nodiscard]] std::optional<Endpoint> translated_destination(int socket);

// The socket may accept what goes to other hosts, as TPROXY hands it over. False with errno set: EPERM without
// CAP_NET_ADMIN.
[[nodiscard]] bool make_transparent(int socket, Family family);

// This host has that address.
[[nodiscard]] bool is_own_address(const IpAddress& address);

}  // namespace tcp::net
