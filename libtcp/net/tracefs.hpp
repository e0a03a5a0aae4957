// SPDX-License-Identifier: MIT
// The kernel's tracefs, wherever it is mounted; where it is not, a mount of our own that no path leads to and that ends
// with its descriptor.
#pragma once

#include <string>

#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::net {

// Errors: not_permitted, the kernel's.
[[nodiscard]] Result<UniqueFd> open_tracefs();

// A small file in it: "events/sock/inet_sock_set_state/format". Errors: not_found, the kernel's.
[[nodiscard]] Result<std::string> read_tracefs(int tracefs, const std::string& path);

}  // namespace tcp::net
