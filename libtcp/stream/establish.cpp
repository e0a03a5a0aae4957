// SPDX-License-Identifier: MIT
#include "libtcp/stream/establish.hpp"

#include "libtcp/base/deadline.hpp"
#include "libtcp/stream/dialer.hpp"
#include "libtcp/stream/socket.hpp"
#include "libtcp/stream/starttls_exchange.hpp"
#include "libtcp/stream/tls_handshake.hpp"

namespace tcp::stream {
namespace {

std::string host_of(const DialOptions& options) {
  const auto* host = std::get_if<HostTarget>(&options.target);
  return host != nullptr ? host->host : std::string();
}

// Fills `established`. Where the protocol begins in cleartext, TLS is asked for first.
Awaitable<Result<void>> secure(Executor executor, UniqueFd socket, const DialOptions& options, const TlsContext& tls,
                               MonotonicTime deadline, const Clock& clock, Established& established) {
  const TlsClientOptions& wanted = *options.tls;
  if (wanted.starttls) {
    std::string server = wanted.name.empty() ? host_of(options) : wanted.name;
    auto asked = co_await ask_for_tls(executor, std::move(socket), *wanted.starttls, std::move(server), deadline);
    if (!asked) co_return std::unexpected(std::move(asked).error());
    socket = std::move(*asked);
  }
  auto made = make_tls_channel(executor, std::move(socket), tls);
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
  auto dialed = co_await dial(executor, options, observer, clock);
  if (!dialed) co_return std::unexpected(std::move(dialed).error());
  if (!first.empty()) {
    const std::error_code error = send_first(dialed->socket.get(), first, tls != nullptr);
    if (error) co_return std::unexpected(connection_error(dialed->remote, error));
  }
  Established established;
  established.connected.resolve_time = dialed->resolve_time;
  established.connected.connect_time = dialed->connect_time;
  if (tls != nullptr) {
    auto secured = co_await secure(executor, std::move(dialed->socket), options, *tls, deadline, clock, established);
    if (!secured) co_return std::unexpected(std::move(secured).error());
  } else {
    auto channel = make_plain_channel(executor, std::move(dialed->socket));
    if (!channel) co_return std::unexpected(std::move(channel).error());
    established.channel = std::move(*channel);
  }
  established.channel->set_remote(dialed->remote);
  co_return established;
}

}  // namespace tcp::stream
