// SPDX-License-Identifier: MIT
// What is worth knowing of a host as a whole, beside the states of its ports.
#pragma once

#include <cstdint>
#include <string_view>

#include "libtcp/base/ip_address.hpp"

namespace tcp::scan {

struct HostNote {
  enum Kind : std::uint8_t {
    rst_limited,         // sends so few RST a second that the scan waits for them; value: how many
    icmp_limited,        // the same for the ICMP errors it sends
    answers_everything,  // nearly every port is open, so something in between answers; value: open ports
    host_timeout,        // was given up; value: milliseconds it was probed for
  };
  IpAddress host;
  Kind kind = rst_limited;
  std::uint64_t value = 0;
};

// "rst_limited" and so on
[[nodiscard]] constexpr std::string_view to_string(HostNote::Kind kind) noexcept {
  switch (kind) {
    case HostNote::rst_limited: return "rst_limited";
    case HostNote::icmp_limited: return "icmp_limited";
    case HostNote::answers_everything: return "answers_everything";
    case HostNote::host_timeout: return "host_timeout";
  }
  return "";
}

}  // namespace tcp::scan
