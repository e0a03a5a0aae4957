// SPDX-License-Identifier: MIT
#include "libtcp/ports/protocol.hpp"

#include <algorithm>

namespace tcp::ports {

std::string_view to_string(Protocol protocol) noexcept {
  switch (protocol) {
    case Protocol::tcp: return "tcp";
    case Protocol::udp: return "udp";
    case Protocol::sctp: return "sctp";
    case Protocol::dccp: return "dccp";
  }
  return "unknown";
}

std::optional<Protocol> parse_protocol(std::string_view text) noexcept {
  const auto* const found = std::ranges::find(kProtocols, text, [](Protocol p) { return to_string(p); });
  return found == kProtocols.end() ? std::nullopt : std::optional(*found);
}

}  // namespace tcp::ports
