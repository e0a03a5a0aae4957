// SPDX-License-Identifier: MIT
// A proxy's client's way to its target, for those who are served by a coroutine.
#pragma once

#include <memory>

#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/dialer.hpp"
#include "libtcp/stream/proxy_server_options.hpp"
#include "libtcp/stream/proxy_targets.hpp"

namespace tcp::stream {

// What all who ask for a route have in common. The references must outlive them.
struct ProxyRoutes {
  Executor executor;
  const ProxyServerOptions& options;
  const ProxyTargets& targets;
  SessionObserver& observer;
  const Clock& clock;
};

// Its addresses that the client may go to. Errors: the resolver's; denied_target()'s.
[[nodiscard]] Awaitable<Result<std::vector<IpAddress>>> find_proxy_target(const ProxyRoutes& routes, HostTarget target,
                                                                          Address client);

// A connection with it, reported as that of the conversation `id`. Errors: find_proxy_target()'s; dial()'s.
[[nodiscard]] Awaitable<Result<std::unique_ptr<Channel>>> reach_proxy_target(const ProxyRoutes& routes,
                                                                             HostTarget target, Address client,
                                                                             std::uint64_t id);

// Our end of it, as a proxy's reply names it.
[[nodiscard]] Endpoint end_of(const Channel& channel);

}  // namespace tcp::stream
