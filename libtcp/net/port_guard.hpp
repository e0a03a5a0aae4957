// SPDX-License-Identifier: MIT
// Holds local TCP ports so that this host's kernel sends no RST to answers for segments it did not send itself.
//
// A listener that is deaf: the kernel finds it for the incoming SYN-ACK and drops the segment before TCP sees it, while
// packet sockets still do. No firewall rule, no privilege (ports below ip_unprivileged_port_start excepted). It is made
// deaf by a socket filter that accepts nothing or, where the kernel keeps those for CAP_NET_ADMIN, by a TCP-MD5 key for
// all peers (TcpExtTCPMD5NotFound counts what it drops). While held, ss shows the ports as LISTEN and a stranger's SYN
// to them is dropped silently. Late segments after release are answered with an RST by the kernel: end each connection
// first and hold the guard for about one more RTT.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/unique_fd.hpp"

namespace tcp::net {

class PortGuard {
 public:
  // `local`: address to guard, or an any-address. An IPv6 any-address guards both families. Port 0 lets the kernel
  // choose from the ephemeral range. Errors: EADDRINUSE, EACCES, attempt "guard ADDRESS:PORT".
  [[nodiscard]] static Result<PortGuard> hold(const Endpoint& local);
  // `count` consecutive ports, chosen among the ephemeral ones. Errors: no such run is free.
  [[nodiscard]] static Result<PortGuard> hold_range(const IpAddress& local, std::uint16_t count);

  // `count` ports from `first` on. Errors: usage when they would end above 65535, EADDRINUSE for the one that is taken.
  [[nodiscard]] static Result<PortGuard> hold_ports(const IpAddress& local, std::uint16_t first, std::uint16_t count);

  [[nodiscard]] std::uint16_t first_port() const noexcept { return first_port_; }
  [[nodiscard]] std::uint16_t count() const noexcept { return static_cast<std::uint16_t>(sockets_.size()); }
  [[nodiscard]] std::uint16_t last_port() const noexcept {
    return static_cast<std::uint16_t>(first_port_ + count() - 1);
  }

 private:
  PortGuard(std::uint16_t first_port, std::vector<UniqueFd> sockets)
      : first_port_(first_port), sockets_(std::move(sockets)) {}
  std::uint16_t first_port_;
  std::vector<UniqueFd> sockets_;  // one a port, in order
};

}  // namespace tcp::net
