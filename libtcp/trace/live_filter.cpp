// SPDX-License-Identifier: MIT
#include "libtcp/trace/live_filter.hpp"

namespace tcp::trace {

std::string live_handshake_filter() {
  // Offsets: the control bits are byte 13 of the TCP header, the data offset the upper half of byte 12.
  return
      // IPv4: a set bit, or a total length that the two headers use up
      "(ip proto 6 and (ip[6:2] & 0x1fff = 0) and ((tcp[13] & 7 != 0) or "
      "(ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) = 0))) or "
      // IPv6: the same at fixed places
      "(ip6[6] = 6 and ((ip6[53] & 7 != 0) or (ip6[4:2] - ((ip6[52] & 0xf0) >> 2) = 0))) or "
      // extension headers, and packets in packets
      "(ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 51 or ip6[6] = 60 or ip6[6] = 135 or "
      "ip6[6] = 4 or ip6[6] = 41 or ip6[6] = 47)) or ip proto 4 or ip proto 41 or ip proto 47 or "
      // errors
      "(icmp and (icmp[0] = 3 or icmp[0] = 4 or icmp[0] = 5 or icmp[0] = 11 or icmp[0] = 12)) or "
      "(ip6[6] = 58 and ip6[40] < 128) or "
      // tunnels over UDP
      "udp dst port 4789 or udp dst port 8472 or udp dst port 6081 or udp dst port 4754 or udp port 2152 or "
      "udp port 3544 or "
      // labels, sessions, tags
      "ether proto 0x8847 or ether proto 0x8848 or ether proto 0x8864 or ether proto 0x8100 or "
      "ether proto 0x88a8 or ether proto 0x9100";
}

}  // namespace tcp::trace
