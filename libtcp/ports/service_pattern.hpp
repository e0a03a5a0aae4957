// SPDX-License-Identifier: MIT
// Services by a pattern of their names: "http*", "*sql*", "ms-?ql-s".
#pragma once

#include <string_view>

#include "libtcp/ports/port_set.hpp"
#include "libtcp/ports/protocol.hpp"

namespace tcp::ports {

// '*' stands for any number of characters, '?' for one; any case. Linear in the length of the name for each '*'.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view name) noexcept;

// The ports of a service of that name, or of all whose registered or usual name matches. Errors:
// find_service_ports()'s; a pattern that no service with a port for this protocol matches.
[[nodiscard]] Result<PortSet> find_services(std::string_view name_or_pattern, Protocol protocol);

}  // namespace tcp::ports
