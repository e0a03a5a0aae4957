// SPDX-License-Identifier: MIT
// Joins each client with a connection of its own to one of the targets.
#pragma once

#include "libtcp/stream/client_service.hpp"
#include "libtcp/stream/established.hpp"
#include "libtcp/stream/forward_options.hpp"

namespace tcp::stream {

// The references must outlive it. Errors: make_tls_client()'s, for a target.
[[nodiscard]] Result<std::unique_ptr<ClientService>> make_forward_service(const Executor& executor,
                                                                          const ForwardOptions& forward,
                                                                          const RelayOptions& relay,
                                                                          SessionObserver& observer,
                                                                          const Clock& clock);

// Tells where the bytes of client `id` go.
void report_forwarded(SessionObserver& observer, std::uint64_t id, const Established& established);

}  // namespace tcp::stream
