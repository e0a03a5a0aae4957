// SPDX-License-Identifier: MIT
#include "libtcp/stream/establish.hpp"

#include <tuple>

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/proxy_chain.hpp"
#include "libtcp/stream/socket.hpp"
#include "libtcp/stream/starttls_exchange.hpp"
#include "libtcp/stream/tls_handshake.hpp"

namespace tcp::stream {
namespace {

std::string host_of(const DialOptions& options) {
  const auto* host = std::get_if<HostTarget>(&options.target);
  return host != nullptr ? host->host : std::string();
}

// What a server behind a proxy sees is no address of ours, and ours is none of its business.
StartTlsNames names_for(const DialOptions& options, const Address& local) {
  return {options.proxies.empty() ? address_literal(local) : "localhost",
          options.tls->name.empty() ? host_of(options) : options.tls->name};
}

// Fills `established`. Where the protocol begins in cleartext, TLS is asked for first.
Awaitable<Result<void>> secure(Executor executor, Tunnel tunnel, const DialOptions& options, const TlsContext& tls,
                               MonotonicTime deadline, const Clock& clock, Established& established) {
  if (options.tls->starttls) {
    auto channel = Channel::open(executor, std::move(tunnel.dialed.socket), std::move(tunnel.transport));
    if (!channel) co_return std::unexpected(std::move(channel).error());
    StartTlsNames names = names_for(options, (*channel)->addresses().local);
    auto asked = co_await ask_for_tls(executor, **channel, *options.tls->starttls, std::move(names), deadline);
    if (!asked) co_return std::unexpected(std::move(asked).error());
    std::tie(tunnel.dialed.socket, tunnel.transport) = (*channel)->release();
  }
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
  return make_tls_client(*options.tls, host_of(options), clock);
}

Awaitable<Result<Established>> establish(Executor executor, const DialOptions& options, const TlsContext* tls,
                                         SessionObserver& observer, const Clock& clock, std::vector<std::byte> first) {
  const MonotonicTime deadline = deadline_after(clock.now(), options.timeout);
  auto tunnel = co_await open_tunnel(executor, options, observer, clock);
  if (!tunnel) co_return std::unexpected(std::move(tunnel).error());
  if (!first.empty()) {
    const std::error_code error = send_first(tunnel->dialed.socket.get(), first, tls != nullptr);
    if (error) co_return std::unexpected(connection_error(tunnel->dialed.remote, error));
  }
  Established established;
  established.connected.resolve_time = tunnel->dialed.resolve_time;
  established.connected.connect_time = tunnel->dialed.connect_time;
  for (const Proxy& proxy : options.proxies) established.connected.proxies.push_back(to_string(proxy));
  const Address remote = tunnel->dialed.remote;
  if (tls != nullptr) {
    auto secured = co_await secure(executor, std::move(*tunnel), options, *tls, deadline, clock, established);
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
