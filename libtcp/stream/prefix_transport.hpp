// SPDX-License-Identifier: MIT
// A transport some of whose bytes were received already, along with what came before the payload.
#pragma once

#include <memory>
#include <string>

#include "libtcp/stream/transport.hpp"

namespace tcp::stream {

// What `below` receives comes after `received`.
[[nodiscard]] std::unique_ptr<Transport> make_prefix_transport(std::string received, std::unique_ptr<Transport> below);

}  // namespace tcp::stream
