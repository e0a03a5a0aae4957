// SPDX-License-Identifier: MIT
// The columns of a listing that are not fields of the kernel's tcp_info: addresses, queues, owners, memory, rates.
#pragma once

#include <span>

#include "cmd/sockets_columns.hpp"

namespace tcp::cmd {

[[nodiscard]] std::span<const SocketColumn> own_socket_columns();

}  // namespace tcp::cmd
