// SPDX-License-Identifier: MIT
// Control bits by name, for people; in letters they are in tcp_header.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tcp::packet {

// "syn,ack"; "none" for none.
[[nodiscard]] std::string to_string_control_bit_names(std::uint16_t control_bits);
// The inverse, names in any order and case. Nothing when a name is unknown or repeated, or when there is none.
[[nodiscard]] std::optional<std::uint16_t> parse_control_bit_names(std::string_view names);

}  // namespace tcp::packet
