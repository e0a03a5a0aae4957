// SPDX-License-Identifier: MIT
// Linux cooked captures: what the kernel gives in place of a link header on "any" and on devices without one
// (LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2).
#pragma once

#include <array>
#include <cstdint>

#include "libtcp/packet/bytes.hpp"

namespace tcp::packet {

// Version 1: packet type, device type, address length, address (8), protocol: 16 bytes.
// Version 2: protocol, reserved (2), interface index (4), device type, packet type (1), address length (1), address
// (8).
struct LinuxCookedHeader {
  std::uint16_t packet_type = 0;  // 0 to us, 1 broadcast, 2 multicast, 3 to another host, 4 sent by us
  std::uint16_t device_type = 1;  // ARPHRD_
  std::uint16_t address_length = 0;
  std::array<std::uint8_t, 8> address{};  // of the sender; the first address_length bytes of it
  std::uint16_t protocol = 0;             // an ethertype, mostly
  std::uint32_t interface_index = 0;      // version 2 only

  friend bool operator==(const LinuxCookedHeader&, const LinuxCookedHeader&) = default;
};

[[nodiscard]] LinuxCookedHeader parse_linux_cooked_v1(Reader& reader, ParseError& error);
[[nodiscard]] LinuxCookedHeader parse_linux_cooked_v2(Reader& reader, ParseError& error);
bool serialize_v1(Writer& writer, const LinuxCookedHeader& header);
bool serialize_v2(Writer& writer, const LinuxCookedHeader& header);

}  // namespace tcp::packet
