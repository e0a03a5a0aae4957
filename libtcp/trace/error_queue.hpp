// SPDX-License-Identifier: MIT
// Which ICMP error ended a connect(), and who sent it (IP_RECVERR on a TCP socket, Linux 5.9 and later).
#pragma once

#include <optional>

#include "libtcp/trace/handshake.hpp"

namespace tcp::trace {

// Before connect().
[[nodiscard]] Result<void> enable_error_queue(int fd, Family family);

// The first ICMP error in the queue; the quoted fields are zero. Nothing when there is none.
[[nodiscard]] std::optional<IcmpAnswer> take_icmp_error(int fd);

}  // namespace tcp::trace
