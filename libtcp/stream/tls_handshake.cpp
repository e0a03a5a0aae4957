// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_handshake.hpp"

#include "libtcp/stream/socket_deadline.hpp"

namespace tcp::stream {
Result<TlsChannel> make_tls_channel(const Executor& executor, UniqueFd socket, const TlsContext& context,
                                    std::unique_ptr<Transport> below, std::optional<AddressPair> addresses) {
  TCP_TRY_ASSIGN(transport, context.make_transport(std::move(below), socket.get()));
  TlsChannel made;
  made.transport = transport.get();
  TCP_TRY_ASSIGN(channel, Channel::open(executor, std::move(socket), std::move(transport), std::move(addresses)));
  made.channel = std::move(channel);
  return made;
}

Awaitable<Result<TlsSession>> shake_hands(Executor executor, TlsChannel& tls, MonotonicTime deadline,
                                          const Clock& clock) {
  const MonotonicTime started = clock.now();
  const SocketDeadline limit(executor, tls.channel->socket(), deadline);
  const std::error_code code = co_await tls.channel->prepare();
  if (code) {
    Error error = tls.transport->failure(code);
    if (limit.has_passed()) error = Error{make_error_code(Errc::timed_out), {}, {}, {}};
    error.attempt = "TLS handshake with " + to_string(tls.channel->addresses().remote);
    co_return std::unexpected(std::move(error));
  }
  TlsSession session = tls.transport->session();
  session.handshake_time = clock.now() - started;
  co_return session;
}

}  // namespace tcp::stream
