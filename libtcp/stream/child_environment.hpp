// SPDX-License-Identifier: MIT
// What a child process learns from its environment about the connection that it serves: under our names, and under
// those that scripts know from ncat, socat and tcpserver.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "libtcp/stream/address.hpp"

namespace tcp::stream {

// `inherited` are NAME=VALUE; those that speak of another connection are left out. `id` as in Connected.
[[nodiscard]] std::vector<std::string> make_child_environment(std::span<const std::string> inherited,
                                                              const AddressPair& addresses, std::uint64_t id);

// This process's own.
[[nodiscard]] std::vector<std::string> own_environment();

}  // namespace tcp::stream
