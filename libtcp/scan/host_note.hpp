// SPDX-License-Identifier: MIT
// What is peculiar about a host and changes what its results are worth.
#pragma once

#include <cstdint>
#include <string_view>

#include "libtcp/base/ip_address.hpp"

namespace tcp::scan {

struct HostNote {
  enum class Kind : std::uint8_t {
    rst_limited,         // value: resets a second
    icmp_limited,        // value: ICMP errors a second
    answers_everything,  // value: ports that were open so far
    host_timeout,        // value: microseconds after which no more was sent to it
  };
  IpAddress host;
  Kind kind = Kind::rst_limited;
  std::uint64_t value = 0;
};

// "rst_limited", "icmp_limited", "answers_everything", "host_timeout"
[[nodiscard]] constexpr std::string_view to_string(HostNote::Kind kind) noexcept {
  switch (kind) {
    case HostNote::Kind::rst_limited: return "rst_limited";
    case HostNote::Kind::icmp_limited: return "icmp_limited";
    case HostNote::Kind::answers_everything: return "answers_everything";
    case HostNote::Kind::host_timeout: return "host_timeout";
  }
  return "";
}

}  // namespace tcp::scan
