// SPDX-License-Identifier: MIT
// The three ranges of port numbers (RFC 6335 §6).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "libtcp/ports/port_set.hpp"

namespace tcp::ports {

enum class RangeClass : std::uint8_t { system, user, dynamic };

struct RangeInfo {
  RangeClass range_class;
  std::string_view name;   // RFC 6335's: "system"
  std::string_view alias;  // the RFC's "also known as": "well-known"
  PortRange ports;
};

// 49151 is the last user port; texts that begin the dynamic range there are off by one.
inline constexpr std::array kRangeInfos{
    RangeInfo{RangeClass::system, "system", "well-known", {0, 1023}},
    RangeInfo{RangeClass::user, "user", "registered", {1024, 49151}},
    RangeInfo{RangeClass::dynamic, "dynamic", "private", {49152, 65535}},
};

[[nodiscard]] const RangeInfo& range_of(std::uint16_t port) noexcept;
// Every name of the RFC, any case: system, well-known, user, registered, dynamic, private, ephemeral.
[[nodiscard]] const RangeInfo* find_range(std::string_view name) noexcept;

}  // namespace tcp::ports
