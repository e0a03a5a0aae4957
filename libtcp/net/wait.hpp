// SPDX-License-Identifier: MIT
// Waiting for descriptors, to the nanosecond and never past a deadline.
#pragma once

#include <time.h>

#include <span>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"

namespace tcp::net {

// For system calls: no time for what is negative.
[[nodiscard]] timespec to_timespec(Duration duration) noexcept;

// True when there is something to read (or an error to collect), false at the deadline or when a signal came.
[[nodiscard]] Result<bool> wait_readable(int fd, MonotonicTime deadline);
// The same for several, at most 8, of which those below 0 do not count.
[[nodiscard]] Result<bool> wait_readable(std::span<const int> fds, MonotonicTime deadline);

}  // namespace tcp::net
