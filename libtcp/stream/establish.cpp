// SPDX-License-Identifier: MIT
#include "libtcp/stream/establish.hpp"

#include "libtcp/stream/dialer.hpp"

namespace tcp::stream {

Awaitable<Result<Established>> establish(Executor executor, const DialOptions& options, SessionObserver& observer,
                                         const Clock& clock) {
  auto dialed = co_await dial(executor, options, observer, clock);
  if (!dialed) co_return std::unexpected(std::move(dialed).error());
  auto channel = make_plain_channel(executor, std::move(dialed->socket));
  if (!channel) co_return std::unexpected(std::move(channel).error());
  (*channel)->set_remote(dialed->remote);
  Established established;
  established.channel = std::move(*channel);
  established.connected.resolve_time = dialed->resolve_time;
  established.connected.connect_time = dialed->connect_time;
  co_return established;
}

}  // namespace tcp::stream
