// SPDX-License-Identifier: MIT
// Kernel receive timestamps (SO_TIMESTAMPNS): when they can be trusted, and how they are read.
#pragma once

#include <sys/socket.h>

#include <optional>

#include "libtcp/base/clock.hpp"

namespace tcp::net {

// The kernel starts to stamp arriving packets in a deferred job, some time after the first socket asked; a packet that
// comes earlier gets the time at which it is read. Returns once stamps are made on arrival, which a datagram to
// ourselves over loopback tells, or after 100 ms (5 ms where there is no loopback). Call after SO_TIMESTAMPNS is set on
// the socket that wants them.
void await_kernel_timestamps();

// The time of one control message, when it is one.
[[nodiscard]] std::optional<WallTime> timestamp_of(const cmsghdr& control);

}  // namespace tcp::net
