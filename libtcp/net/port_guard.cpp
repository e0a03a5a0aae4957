// SPDX-License-Identifier: MIT
#include "libtcp/net/port_guard.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "libtcp/net/bpf.hpp"
#include "libtcp/net/capabilities.hpp"
#include "libtcp/net/host.hpp"
#include "libtcp/net/socket_option.hpp"

namespace tcp::net {
namespace {

constexpr IpAddress kAnyMappedV4 = IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0});

// TCP drops a segment that lacks the signature of a key that the listener has (RFC 2385) before it looks at anything
// else in it. The key is random and for every peer: nobody can sign with it.
Result<void> expect_signatures_of_nobody(int fd, const IpAddress& peers) {
  tcp_md5sig key{};
  const SocketAddress address = to_socket_address({peers, 0});
  std::memcpy(&key.tcpm_addr, &address.storage, sizeof key.tcpm_addr);
  key.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX;
  key.tcpm_prefixlen = 0;
  key.tcpm_keylen = 16;
  if (::getrandom(key.tcpm_key, key.tcpm_keylen, 0) != key.tcpm_keylen) return system_error("draw a random key");
  if (!set_option(fd, IPPROTO_TCP, TCP_MD5SIG_EXT, key)) return system_error("set a signature key");
  return {};
}

// Kernels since the middle of 2026 keep filters on TCP sockets for CAP_NET_ADMIN; signatures need no privilege, yet not
// every kernel has them.
Result<void> make_deaf(int fd, Family family) {
  Result<void> filtered = attach_filter(fd, reject_all_filter());
  if (filtered || !filtered.error().is(std::errc::operation_not_permitted)) return filtered;
  Result<void> keyed = expect_signatures_of_nobody(fd, IpAddress::any(family));
  if (keyed && family == Family::v6) keyed = expect_signatures_of_nobody(fd, kAnyMappedV4);
  if (!keyed) filtered.error().hint = how_to_get(Capability::net_admin);
  return keyed ? keyed : filtered;
}

// The order matters: a segment that came before the socket is deaf would be answered.
Result<UniqueFd> open_guard(const Endpoint& local) {
  const std::string attempt = "guard " + to_string(local);
  UniqueFd fd(::socket(to_address_family(local.address.family()), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return system_error(attempt);
  if (auto deaf = make_deaf(fd.get(), local.address.family()); !deaf) {
    deaf.error().attempt = attempt;
    return std::unexpected(std::move(deaf).error());
  }
  if (local.address.is_v6() && !set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0)) return system_error(attempt);
  const SocketAddress address = to_socket_address(local);
  if (::bind(fd.get(), address.get(), address.length) != 0) {
    return privileged_call_error(attempt, Capability::net_bind_service);
  }
  if (::listen(fd.get(), 1) != 0) return system_error(attempt);
  return fd;
}

Result<std::uint16_t> bound_port(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (::getsockname(fd, address.get(), &address.length) != 0) return system_error("read guarded port");
  TCP_TRY_ASSIGN(endpoint, from_socket_address(address.get(), address.length));
  return endpoint.port;
}

std::uint32_t random_below(std::uint32_t bound) {
  std::uint32_t number = 0;
  (void)::getrandom(&number, sizeof number, 0);
  return number % bound;
}

bool overlaps(const std::vector<PortInterval>& reserved, std::uint32_t first, std::uint32_t last) {
  return std::ranges::any_of(reserved, [&](const PortInterval& r) { return first <= r.last && r.first <= last; });
}

// The sockets of [first, first + count), or nothing when one of the ports is taken; `taken` is which.
Result<std::vector<UniqueFd>> guard_all(const IpAddress& local, std::uint32_t first, std::uint16_t count,
                                        std::uint32_t& taken) {
  std::vector<UniqueFd> sockets;
  for (std::uint32_t port = first; port < first + count; ++port) {
    taken = port;
    TCP_TRY_ASSIGN(fd, open_guard({local, static_cast<std::uint16_t>(port)}));
    sockets.push_back(std::move(fd));
  }
  return sockets;
}

}  // namespace

Result<PortGuard> PortGuard::hold(const Endpoint& local) {
  TCP_TRY_ASSIGN(fd, open_guard(local));
  TCP_TRY_ASSIGN(port, bound_port(fd.get()));
  std::vector<UniqueFd> sockets;
  sockets.push_back(std::move(fd));
  return PortGuard(port, std::move(sockets));
}

// From a random start through the ephemeral range once around; each port that is taken is stepped over.
Result<PortGuard> PortGuard::hold_range(const IpAddress& local, std::uint16_t count) {
  const HostPorts host = read_host_ports();
  const std::string attempt = "guard " + std::to_string(count) + " ports of " + to_string(local);
  const std::uint32_t size = host.ephemeral.last - host.ephemeral.first + 1U;
  if (count == 0 || count > size) {
    return usage_error(attempt, "this host has " + std::to_string(size) + " ephemeral ports");
  }
  const std::uint32_t starts = size - count + 1;  // how many runs fit
  std::uint32_t offset = random_below(starts);
  for (std::uint32_t tried = 0; tried < starts;) {
    const std::uint32_t first = host.ephemeral.first + offset;
    std::uint32_t taken = first;
    if (!overlaps(host.reserved, first, first + count - 1)) {
      auto sockets = guard_all(local, first, count, taken);
      if (sockets) return PortGuard(static_cast<std::uint16_t>(first), std::move(*sockets));
      if (!sockets.error().is(std::errc::address_in_use)) return std::unexpected(sockets.error());
    }
    const std::uint32_t step = taken - first + 1;
    tried += step;
    offset = offset + step < starts ? offset + step : 0;
  }
  return make_error(Errc::not_found, attempt, "no such run of ephemeral ports is free");
}

Result<PortGuard> PortGuard::hold_ports(const IpAddress& local, std::uint16_t first, std::uint16_t count) {
  const std::uint32_t last = first + std::uint32_t{count} - 1;
  if (first == 0 || count == 0 || last > 65535) {
    return usage_error("guard " + std::to_string(count) + " ports from " + std::to_string(first),
                       "they must be 1 to 65535");
  }
  std::uint32_t taken = first;
  TCP_TRY_ASSIGN(sockets, guard_all(local, first, count, taken));
  return PortGuard(first, std::move(sockets));
}

}  // namespace tcp::net
