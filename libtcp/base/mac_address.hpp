// SPDX-License-Identifier: MIT
// A 48-bit link-layer address (IEEE 802).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "libtcp/base/error.hpp"

namespace tcp {

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  friend auto operator<=>(const MacAddress&, const MacAddress&) noexcept = default;
};

// "02:00:5e:10:00:01"
[[nodiscard]] std::string to_string(const MacAddress& address);
[[nodiscard]] Result<MacAddress> parse_mac_address(std::string_view text);

}  // namespace tcp
