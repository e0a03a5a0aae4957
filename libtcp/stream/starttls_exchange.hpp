// SPDX-License-Identifier: MIT
// The dialogue of STARTTLS over a connection.
#pragma once

#include <string>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/channel.hpp"
#include "libtcp/stream/starttls.hpp"

namespace tcp::stream {

// How a client without a name is called (RFC 5321 §4.1.3). The name of this host is nobody's business in cleartext.
[[nodiscard]] std::string address_literal(const Address& local);

// Asks for TLS. From then on the next byte of the channel either way is TLS: nothing in cleartext is left to be read.
// The channel must outlive the wait. Errors: "STARTTLS with REMOTE", the protocol and step: the server refuses
// (Errc::unsupported), what it says breaks the protocol or goes on beyond its answer (Errc::malformed),
// Errc::timed_out, connection_aborted when it closed, what the connection met with.
[[nodiscard]] Awaitable<Result<void>> ask_for_tls(Executor executor, Channel& channel, StartTls protocol,
                                                  StartTlsNames names, MonotonicTime deadline);

}  // namespace tcp::stream
