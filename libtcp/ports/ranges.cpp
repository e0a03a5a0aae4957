// SPDX-License-Identifier: MIT
#include "libtcp/ports/ranges.hpp"

#include <algorithm>

#include "libtcp/ports/text.hpp"

namespace tcp::ports {

const RangeInfo& range_of(std::uint16_t port) noexcept {
  return *std::ranges::find_if(kRangeInfos, [&](const RangeInfo& info) { return info.ports.contains(port); });
}

const RangeInfo* find_range(std::string_view name) noexcept {
  if (equal_ignoring_case(name, "ephemeral")) return &kRangeInfos[2];
  const auto* const info = std::ranges::find_if(kRangeInfos, [&](const RangeInfo& candidate) {
    return equal_ignoring_case(name, candidate.name) || equal_ignoring_case(name, candidate.alias);
  });
  return info == kRangeInfos.end() ? nullptr : info;
}

}  // namespace tcp::ports
