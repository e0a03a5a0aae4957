// SPDX-License-Identifier: MIT
// One datagram as from a netlink socket: the walk over its messages, and each parser of rtnetlink.
#include <linux/rtnetlink.h>

#include <cstddef>
#include <cstdint>

#include "libtcp/net/netlink.hpp"
#include "libtcp/net/rtnetlink.hpp"

namespace {

using namespace tcp;
using namespace tcp::net;

void walk_nested(std::span<const std::uint8_t> bytes, int depth) {
  if (depth == 0) return;
  (void)for_each_attribute(bytes,
                           [&](std::uint16_t, std::span<const std::uint8_t> value) { walk_nested(value, depth - 1); });
}

// The type decides in the kernel's answers; here each parser gets everything.
Result<bool> read_message(const nlmsghdr& header, std::span<const std::uint8_t> payload) {
  switch (header.nlmsg_type % 5) {
    case 0: (void)parse_link_message(payload); break;
    case 1: (void)parse_address_message(payload); break;
    case 2: (void)parse_route_message(payload); break;
    case 4: (void)parse_rule_message(payload); break;
    default: (void)parse_neighbour_message(payload); break;
  }
  switch (header.nlmsg_type) {
    case RTM_NEWLINK: (void)parse_link_message(payload); break;
    case RTM_NEWADDR: (void)parse_address_message(payload); break;
    case RTM_NEWROUTE: (void)parse_route_message(payload); break;
    case RTM_NEWRULE: (void)parse_rule_message(payload); break;
    case RTM_NEWNEIGH: (void)parse_neighbour_message(payload); break;
    default: break;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)for_each_message({data, size}, read_message);
  walk_nested({data, size}, 3);
  return 0;
}
