// SPDX-License-Identifier: MIT
// What is to be known of a connection that the kernel is making.
#pragma once

#include "libtcp/base/endpoint.hpp"

namespace tcp::net {

// Of connect(2) and of what comes before it: descriptors, ports or memory are used up. ENOBUFS and EADDRNOTAVAIL pass
// as connections end.
[[nodiscard]] bool is_no_room(int error_number) noexcept;

// RFC 9293 §3.5, simultaneous open: a socket whose source port is the port of this host that it asks for.
[[nodiscard]] bool has_met_itself(int fd, const Endpoint& target) noexcept;

}  // namespace tcp::net
