// SPDX-License-Identifier: MIT
#include "libtcp/net/raw_ip_socket.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/net/bpf.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/socket_option.hpp"

namespace tcp::net {
namespace {

Result<void> configure(int fd, const RawIpSocketOptions& options) {
  // Nobody reads from it: what it would receive must not pile up.
  TCP_TRY(attach_filter(fd, reject_all_filter()));
  if (options.family == Family::v6 && !set_option(fd, IPPROTO_IPV6, IPV6_HDRINCL, 1)) {
    return system_error("send IPv6 headers of our own");
  }
  if (options.ignore_path_mtu) {
    const bool v4 = options.family == Family::v4;
    const int mode = v4 ? IP_PMTUDISC_PROBE : IPV6_PMTUDISC_PROBE;
    if (!set_option(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER, mode)) {
      return system_error("ignore the path MTU");
    }
  }
  if (options.interface_index) {
    const int index = static_cast<int>(*options.interface_index);
    if (!set_option(fd, SOL_SOCKET, SO_BINDTOIFINDEX, index)) return system_error("bind to interface");
  }
  const int size = static_cast<int>(std::min<std::uint32_t>(options.send_buffer_bytes, 1U << 30));
  if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, size)) try_option(fd, SOL_SOCKET, SO_SNDBUF, size);
  return {};
}

}  // namespace

Result<RawIpSocket> RawIpSocket::open(const RawIpSocketOptions& options) {
  const int family = to_address_family(options.family);
  UniqueFd fd(::socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW));
  if (!fd) return privileged_call_error("open raw socket", Capability::net_raw);
  TCP_TRY(configure(fd.get(), options));
  return RawIpSocket(std::move(fd), options.family);
}

Result<void> RawIpSocket::send(const IpAddress& destination, std::span<const std::uint8_t> packet) {
  if (destination.family() != family_) return system_error("send to " + to_string(destination), EAFNOSUPPORT);
  const SocketAddress to = to_socket_address({destination, 0});
  ssize_t sent = -1;
  do {
    sent = ::sendto(fd_.get(), packet.data(), packet.size(), MSG_DONTWAIT, to.get(), to.length);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return system_error("send to " + to_string(destination));
  return {};
}

}  // namespace tcp::net
