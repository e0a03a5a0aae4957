// SPDX-License-Identifier: MIT
// rtnetlink(7): requests as bytes, answers as values. No I/O here; an answer is untrusted bytes of any length.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/base/mac_address.hpp"

namespace tcp::net {

struct LinkMessage {
  std::uint32_t index = 0;
  std::uint32_t flags = 0;  // IFF_
  std::string name;
  std::optional<MacAddress> mac_address;  // only of links of the Ethernet kind
  std::uint32_t mtu = 0;
};

struct AddressMessage {
  std::uint32_t interface_index = 0;
  IpAddress address;  // the local one; a link-local address has the interface as its scope
  unsigned prefix_length = 0;
};

struct RouteMessage {
  std::uint8_t type = 0;  // RTN_
  Prefix destination;     // of a dump; the address asked for otherwise
  std::uint32_t interface_index = 0;
  std::optional<IpAddress> source;
  std::optional<IpAddress> gateway;
  std::uint32_t mtu = 0;  // 0: the interface's
};

struct NeighbourMessage {
  std::uint32_t interface_index = 0;
  std::uint16_t state = 0;  // NUD_
  std::optional<IpAddress> address;
  std::optional<MacAddress> mac_address;
};

struct RuleMessage {
  Prefix destination;  // of length 0: the rule does not look at it
};

// `payload` is what follows the nlmsghdr. Errors: malformed.
[[nodiscard]] Result<LinkMessage> parse_link_message(std::span<const std::uint8_t> payload);
[[nodiscard]] Result<AddressMessage> parse_address_message(std::span<const std::uint8_t> payload);
[[nodiscard]] Result<RouteMessage> parse_route_message(std::span<const std::uint8_t> payload);
[[nodiscard]] Result<RuleMessage> parse_rule_message(std::span<const std::uint8_t> payload);
[[nodiscard]] Result<NeighbourMessage> parse_neighbour_message(std::span<const std::uint8_t> payload);

// Payloads of requests. Index 0 asks for all links (a dump).
[[nodiscard]] std::vector<std::uint8_t> make_link_request(std::uint32_t interface_index);
[[nodiscard]] std::vector<std::uint8_t> make_address_request();
[[nodiscard]] std::vector<std::uint8_t> make_route_request(const IpAddress& destination,
                                                           const std::optional<IpAddress>& source,
                                                           std::uint32_t interface_index);  // 0: any
// All routes of a family, from every table; all its rules; all neighbours.
[[nodiscard]] std::vector<std::uint8_t> make_route_dump_request(Family family);
[[nodiscard]] std::vector<std::uint8_t> make_rule_dump_request(Family family);
[[nodiscard]] std::vector<std::uint8_t> make_neighbour_dump_request();
[[nodiscard]] std::vector<std::uint8_t> make_neighbour_request(std::uint32_t interface_index, const IpAddress& address);

}  // namespace tcp::net
