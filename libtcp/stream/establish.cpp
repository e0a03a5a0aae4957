// SPDX-License-Identifier: MIT
#include "libtcp/stream/establish.hpp"

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/proxy_chain.hpp"
#include "libtcp/stream/tls_handshake.hpp"

namespace tcp::stream {
namespace {

// Fills `established`.
Awaitable<Result<void>> secure(Executor executor, Tunnel tunnel, const TlsContext& tls, MonotonicTime deadline,
                               const Clock& clock, Established& established) {
  auto made = make_tls_channel(executor, std::move(tunnel.dialed.socket), tls, std::move(tunnel.transport));
  if (!made) co_return std::unexpected(std::move(made).error());
  auto session = co_await shake_hands(executor, *made, deadline, clock);
  if (!session) co_return std::unexpected(std::move(session).error());
  established.channel = std::move(made->channel);
  established.connected.tls = std::move(*session);
  co_return Result<void>();
}

}  // namespace

Result<std::unique_ptr<TlsContext>> make_dial_tls(const DialOptions& options, const Clock& clock) {
  if (!options.tls) return std::unique_ptr<TlsContext>();
  const auto* host = std::get_if<HostTarget>(&options.target);
  return make_tls_client(*options.tls, host != nullptr ? host->host : std::string(), clock);
}

Awaitable<Result<Established>> establish(Executor executor, const DialOptions& options, const TlsContext* tls,
                                         SessionObserver& observer, const Clock& clock) {
  const MonotonicTime deadline = deadline_after(clock.now(), options.timeout);
  auto tunnel = co_await open_tunnel(executor, options, observer, clock);
  if (!tunnel) co_return std::unexpected(std::move(tunnel).error());
  Established established;
  established.connected.resolve_time = tunnel->dialed.resolve_time;
  established.connected.connect_time = tunnel->dialed.connect_time;
  for (const Proxy& proxy : options.proxies) established.connected.proxies.push_back(to_string(proxy));
  const Address remote = tunnel->dialed.remote;
  if (tls != nullptr) {
    auto secured = co_await secure(executor, std::move(*tunnel), *tls, deadline, clock, established);
    if (!secured) co_return std::unexpected(std::move(secured).error());
  } else {
    auto channel = Channel::open(executor, std::move(tunnel->dialed.socket), std::move(tunnel->transport));
    if (!channel) co_return std::unexpected(std::move(channel).error());
    established.channel = std::move(*channel);
  }
  established.channel->set_remote(remote);
  co_return established;
}

}  // namespace tcp::stream
