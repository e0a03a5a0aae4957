// SPDX-License-Identifier: MIT
// Classic BPF programs for packet sockets, written by hand so that no filter compiler is loaded for them.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

namespace tcp::net {

using BpfProgram = std::vector<sock_filter>;

// For a cooked packet socket (its bytes begin with the IP header), IPv4 and IPv6: TCP segments to or from a local port
// of [first_port, last_port], and every ICMP / ICMPv6 message (its quote is looked at later). Non-first fragments and
// IPv6 extension headers other than none are handed up as well: rare, and decided in user space.
[[nodiscard]] BpfProgram tcp_ports_and_icmp_filter(std::uint16_t first_port, std::uint16_t last_port);

// Accepts nothing.
[[nodiscard]] BpfProgram reject_all_filter();

}  // namespace tcp::net
