// SPDX-License-Identifier: MIT
// What the kernel hands up of live traffic when only handshakes and ends matter: a pcap-filter(7) expression.
#pragma once

#include <string>

namespace tcp::trace {

// SYN, FIN, RST and segments without payload, for IPv4 and IPv6 (tcp[...] alone would silently leave out IPv6); ICMP
// errors; whole what may hold TCP further in: tunnels, labels, tags, extension headers. First fragments only.
[[nodiscard]] std::string live_handshake_filter();

// Enough for the headers of a segment inside three tunnels, and for an ICMP error's quote.
inline constexpr unsigned kLiveSnapshotBytes = 384;

}  // namespace tcp::trace
