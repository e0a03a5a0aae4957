// SPDX-License-Identifier: MIT
#include "libtcp/base/mac_address.hpp"

#include <fmt/format.h>

#include <charconv>

namespace tcp {

std::string to_string(const MacAddress& address) { return fmt::format("{:02x}", fmt::join(address.bytes, ":")); }

Result<MacAddress> parse_mac_address(std::string_view text) {
  MacAddress result;
  bool valid = text.size() == 17;
  for (std::size_t i = 0; valid && i < 6; ++i) {
    const char* first = text.data() + 3 * i;
    const auto [end, error] = std::from_chars(first, first + 2, result.bytes[i], 16);
    valid = error == std::errc() && end == first + 2 && (i == 5 || *end == ':');
  }
  if (!valid) {
    return usage_error("link-layer address '" + std::string(text) + "'", "must look like 02:00:5e:10:00:01");
  }
  return result;
}

}  // namespace tcp
