// SPDX-License-Identifier: MIT
// From a frame of any known link type to its network packet.
#pragma once

#include <cstdint>

#include "libtcp/packet/bytes.hpp"
#include "libtcp/packet/decode.hpp"

namespace tcp::packet {

enum class NetworkKind : std::uint8_t { none, ipv4, ipv6, by_version };

struct LinkLayer {
  ParseError error = ParseError::none;
  LinkTags tags;
  NetworkKind network = NetworkKind::none;  // what the link layer announces
  Bytes payload;                            // with whatever padding the link layer added
};

[[nodiscard]] LinkLayer parse_link_layer(Bytes frame, LinkType link_type);

}  // namespace tcp::packet
