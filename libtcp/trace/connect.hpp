// SPDX-License-Identifier: MIT
// A handshake made by the kernel: connect(), the error queue for the sender of an ICMP error, TCP_INFO for the rest.
// Needs no privilege; shows no segments.
#pragma once

#include "libtcp/trace/trace.hpp"

namespace tcp::trace {

[[nodiscard]] Handshake run_connect(const Endpoint& remote, const TraceOptions& options, const Clock& clock,
                                    const StopFlag& stop);

}  // namespace tcp::trace
