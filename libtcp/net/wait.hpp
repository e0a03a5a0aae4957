// SPDX-License-Identifier: MIT
// Waiting for one descriptor, to the nanosecond and never past a deadline.
#pragma once

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"

namespace tcp::net {

// True when there is something to read (or an error to collect), false at the deadline or when a signal came.
[[nodiscard]] Result<bool> wait_readable(int fd, MonotonicTime deadline);

}  // namespace tcp::net
