// SPDX-License-Identifier: MIT
// Listening sockets that a service manager hands over (systemd's LISTEN_FDS, sd_listen_fds(3)).
#pragma once

#include <vector>

#include "libtcp/base/error.hpp"

namespace tcp::stream {

// The descriptors from 3 on that are meant for this process, from now on close-on-exec; none when LISTEN_PID names
// another or nothing was handed over. Takes the variables out of the environment, so that no child believes them.
// Errors: a number that is none or too large, a descriptor that is no listening stream socket.
[[nodiscard]] Result<std::vector<int>> take_inherited_sockets();

}  // namespace tcp::stream
