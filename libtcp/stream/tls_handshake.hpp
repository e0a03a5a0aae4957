// SPDX-License-Identifier: MIT
// A socket becomes a channel with TLS: the handshake, for as long as it may take.
#pragma once

#include <memory>

#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/tls.hpp"

namespace tcp::stream {

struct TlsChannel {
  std::unique_ptr<Channel> channel;
  TlsTransport* transport = nullptr;  // the channel's
};

// `below`: what is over the socket already. Without `addresses` the kernel is asked.
[[nodiscard]] Result<TlsChannel> make_tls_channel(const Executor& executor, UniqueFd socket, const TlsContext& context,
                                                  std::unique_ptr<Transport> below,
                                                  std::optional<AddressPair> addresses = std::nullopt);

// Errors: "TLS handshake with ADDRESS:PORT" and why, timed_out among them. The references must outlive the wait.
[[nodiscard]] Awaitable<Result<TlsSession>> shake_hands(Executor executor, TlsChannel& tls, MonotonicTime deadline,
                                                        const Clock& clock);

}  // namespace tcp::stream
