// SPDX-License-Identifier: MIT
// Between two sockets by way of memory, where the kernel cannot move the bytes itself or has no pipe left. Memory is
// held only while there are bytes in it.
#pragma once

#include <memory>

#include "libtcp/stream/mover.hpp"

namespace tcp::stream {

// The descriptors are borrowed and non-blocking.
[[nodiscard]] std::unique_ptr<Mover> make_copy_mover(int input, int output);

}  // namespace tcp::stream
