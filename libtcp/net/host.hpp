// SPDX-License-Identifier: MIT
// What this host (this network namespace) does with ports: /proc/sys/net/ipv4.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libtcp/base/error.hpp"

namespace tcp::net {

struct PortInterval {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  [[nodiscard]] constexpr bool contains(std::uint16_t port) const noexcept { return first <= port && port <= last; }
};

struct HostPorts {
  PortInterval ephemeral{32768, 60999};          // ip_local_port_range
  std::vector<PortInterval> reserved;            // ip_local_reserved_ports
  std::uint16_t first_unprivileged_port = 1024;  // ip_unprivileged_port_start
};

// Missing files and nonsense in them (no IPv4, a foreign /proc) leave the kernel's defaults.
[[nodiscard]] HostPorts read_host_ports(const std::string& directory = "/proc/sys/net/ipv4");

}  // namespace tcp::net
