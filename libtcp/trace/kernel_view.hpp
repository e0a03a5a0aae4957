// SPDX-License-Identifier: MIT
// What only <linux/tcp.h> can name: it clashes with <netinet/tcp.h>, so nobody else includes either.
#pragma once

#include <optional>

#include "libtcp/trace/handshake.hpp"

namespace tcp::trace {

// TCP_INFO; nothing when the kernel does not tell. Fields newer than the running kernel are zero.
[[nodiscard]] std::optional<KernelView> read_kernel_view(int fd);

// TCP_SYNCNT, at most the kernel's own limit.
[[nodiscard]] Result<void> limit_syn_retries(int fd, unsigned retries);

// TCP_MAXSEG, before connect().
[[nodiscard]] Result<void> limit_segment_size(int fd, std::uint16_t bytes);

}  // namespace tcp::trace
