// SPDX-License-Identifier: MIT
#include "libtcp/trace/socket_shape.hpp"

#include <netinet/in.h>

#include "libtcp/net/socket_option.hpp"
#include "libtcp/trace/kernel_view.hpp"

namespace tcp::trace {

Result<void> limit_hops(int fd, Family family, std::uint8_t hops) {
  const bool v4 = family == Family::v4;
  const bool done = net::set_option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TTL : IPV6_UNICAST_HOPS, int{hops});
  return done ? Result<void>() : system_error("set the TTL");
}

Result<void> apply_shape(int fd, Family family, const SynShape& shape) {
  const bool v4 = family == Family::v4;
  const int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
  const SynShape usual;
  if (shape.mss) TCP_TRY(limit_segment_size(fd, *shape.mss));
  if (shape.time_to_live != usual.time_to_live) TCP_TRY(limit_hops(fd, family, shape.time_to_live));
  if (shape.dscp != usual.dscp && !net::set_option(fd, level, v4 ? IP_TOS : IPV6_TCLASS, shape.dscp << 2)) {
    return system_error("set the DSCP");
  }
  return {};
}

}  // namespace tcp::trace
