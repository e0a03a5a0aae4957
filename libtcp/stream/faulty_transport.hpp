// SPDX-License-Identifier: MIT
// A transport that stops in the middle, by a reset or without a word.
#pragma once

#include <memory>

#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/fault_options.hpp"
#include "libtcp/stream/transport.hpp"

namespace tcp::stream {

// faults.spoils_connections(). `socket` is borrowed, and must outlive it.
[[nodiscard]] std::unique_ptr<Transport> make_faulty_transport(const Executor& executor, int socket,
                                                               const FaultOptions& faults,
                                                               std::unique_ptr<Transport> below);

}  // namespace tcp::stream
