// SPDX-License-Identifier: MIT
// The network interfaces of this host (rtnetlink).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/base/mac_address.hpp"

namespace tcp::net {

struct InterfaceAddress {
  IpAddress address;
  unsigned prefix_length = 0;
};

struct Interface {
  std::uint32_t index = 0;
  std::string name;
  std::optional<MacAddress> mac_address;  // absent where the link has none (tun, loopback)
  std::uint32_t mtu = 0;
  bool up = false;
  bool loopback = false;
  std::vector<InterfaceAddress> addresses;
};

[[nodiscard]] Result<std::vector<Interface>> list_interfaces();
// By name; the error names the interface.
[[nodiscard]] Result<Interface> find_interface(const std::string& name);
// It is up and has a carrier; false as well when there is none of that index any more.
[[nodiscard]] Result<bool> is_running(std::uint32_t interface_index);

}  // namespace tcp::net
