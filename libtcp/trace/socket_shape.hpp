// SPDX-License-Identifier: MIT
// What of a SYN's shape can be asked of a socket of the kernel's, before its connect().
#pragma once

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/trace/syn_shape.hpp"

namespace tcp::trace {

// The TTL or hop limit of what it sends.
[[nodiscard]] Result<void> limit_hops(int fd, Family family, std::uint8_t hops);

// The MSS, the TTL and the DSCP; what is as usual is left to the kernel. Errors: the kernel's.
[[nodiscard]] Result<void> apply_shape(int fd, Family family, const SynShape& shape);

}  // namespace tcp::trace
