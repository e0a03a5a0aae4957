// SPDX-License-Identifier: MIT
// Waits until the kernel really stamps packets.
//
// The first socket that asks for timestamps makes the kernel patch its own code, in the background and up to some tens
// of milliseconds later. Packets that pass before carry no time; recvmsg(2) then fills in the time of reading, which
// looks like a time of passing and is not.
#pragma once

#include "libtcp/base/clock.hpp"

namespace tcp::trace {

// To be called while a socket that asks for timestamps is open. False when the kernel did not get there within
// `patience`, or when there is no loopback interface to see it by.
bool await_kernel_timestamps(const Clock& clock, Duration patience);

}  // namespace tcp::trace
