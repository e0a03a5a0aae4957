// SPDX-License-Identifier: MIT
#include "libtcp/stream/target.hpp"

namespace tcp::stream {

std::string to_string(const HostTarget& target) {
  const auto literal = parse_ip_address(target.host);
  if (literal) return tcp::to_string(Endpoint{*literal, target.port});
  return target.host + ":" + std::to_string(target.port);
}

std::string to_string(const Target& target) {
  if (const auto* host = std::get_if<HostTarget>(&target)) return to_string(*host);
  return to_string(std::get<UnixName>(target));
}

}  // namespace tcp::stream
