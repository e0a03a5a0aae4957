// SPDX-License-Identifier: MIT
// The way to a target: a connection, or a tunnel through one proxy after another.
#pragma once

#include <memory>

#include "libtcp/stream/dialer.hpp"
#include "libtcp/stream/transport.hpp"

namespace tcp::stream {

struct Tunnel {
  Dialed dialed;                         // the connection with the target, or with the first proxy
  std::unique_ptr<Transport> transport;  // over its socket, to the target
};

// dial(), through `options.proxies` when there are some; a proxy that asks who we are costs a connection more. Where
// a name is looked up here, its first address is taken. All of it within the dial's timeout. Errors: dial()'s; which
// proxy of the chain said no, and why. The references must outlive the wait.
[[nodiscard]] Awaitable<Result<Tunnel>> open_tunnel(Executor executor, const DialOptions& options,
                                                    SessionObserver& observer, const Clock& clock);

}  // namespace tcp::stream
