// SPDX-License-Identifier: MIT
// Classic BPF programs for packet sockets, written by hand so that no filter compiler is loaded for them.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

#include "libtcp/base/error.hpp"

namespace tcp::net {

using BpfProgram = std::vector<sock_filter>;

inline constexpr std::uint32_t kWholePacket = 0xffffffff;

// For a cooked packet socket (its bytes begin with the IP header), IPv4 and IPv6: TCP segments to or from a local port
// of [first_port, last_port], and ICMP / ICMPv6 errors (their quote is looked at later), but no echoes and, of ICMPv6,
// nothing informational. Non-first fragments and
// IPv6 extension headers other than none are handed up as well: rare, and decided in user space. Anything that is not
// IP by its EtherType is refused; a frame with its VLAN tag still in it is, and is seen on the VLAN's own interface.
// `snapshot_length`: the most that is kept of a packet.
[[nodiscard]] BpfProgram tcp_ports_and_icmp_filter(std::uint16_t first_port, std::uint16_t last_port,
                                                   std::uint32_t snapshot_length = kWholePacket);

// Accepts nothing.
[[nodiscard]] BpfProgram reject_all_filter();

// SO_ATTACH_FILTER: from now on the socket receives only what the program accepts.
[[nodiscard]] Result<void> attach_filter(int fd, const BpfProgram& program);

}  // namespace tcp::net
