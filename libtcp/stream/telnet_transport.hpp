// SPDX-License-Identifier: MIT
// A transport whose peer speaks TELNET: see telnet.hpp.
#pragma once

#include <memory>

#include "libtcp/stream/transport.hpp"

namespace tcp::stream {

[[nodiscard]] std::unique_ptr<Transport> make_telnet_transport(std::unique_ptr<Transport> below);

}  // namespace tcp::stream
