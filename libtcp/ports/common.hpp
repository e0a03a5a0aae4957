// SPDX-License-Identifier: MIT
// The ports every administrator should recognise: what runs there in practice, whether others on the wire can read it,
// and what replaces it. Our own editorial table; the registry (registry.hpp) says what is registered.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "libtcp/ports/protocol.hpp"

namespace tcp::ports {

// What someone on the path can read.
enum class Confidentiality : std::uint8_t {
  cleartext,   // all of it
  upgradable,  // all of it, unless both ends agree on STARTTLS or the like
  optional,    // depends on how the service is set up
  encrypted,   // the payload is encrypted from the start
};
[[nodiscard]] std::string_view to_string(Confidentiality confidentiality) noexcept;

struct CommonPort {
  std::uint16_t port;
  Protocol protocol;
  std::string_view name;  // the usual one, unique for a port; may be the registered one
  std::string_view use;   // "Kubernetes API server"
  bool differs;           // the use is not what the port is registered for
  Confidentiality on_wire;
  std::string_view replacement;  // "993 (imaps)"; empty when there is nothing better
};

// Sorted by port, then protocol; one entry for a pair.
[[nodiscard]] std::span<const CommonPort> common_ports() noexcept;
// Null when the port is not in the table.
[[nodiscard]] const CommonPort* find_common_port(std::uint16_t port, Protocol protocol) noexcept;

// TCP ports for a scan without -p, the most worthwhile first, so that the first N are the best N. Our own list: no
// measured open-port frequencies are free to use. It is the union of three: what public deployment templates expose by
// default, the system ports of living services, and the infrastructure that such templates do not show (file sharing,
// remote desktops, databases, printers, cluster control).
[[nodiscard]] std::span<const std::uint16_t> default_scan_ports() noexcept;

// The same list and more behind it, for who wants the best N. Each port once.
[[nodiscard]] std::span<const std::uint16_t> ranked_scan_ports() noexcept;

}  // namespace tcp::ports
