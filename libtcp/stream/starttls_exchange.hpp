// SPDX-License-Identifier: MIT
// The dialogue of STARTTLS over a connection.
#pragma once

#include <string>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/starttls_protocol.hpp"

namespace tcp::stream {

// Asks for TLS. The result is the same socket, of which the next byte either way is TLS: nothing in cleartext is left
// to be read. `server`: its name, for protocols that say it. Errors: "STARTTLS with REMOTE", the protocol and step:
// the server refuses (Errc::unsupported), what it says breaks the protocol or goes on beyond its answer
// (Errc::malformed), Errc::timed_out, connection_aborted when it closed, what the connection met with.
[[nodiscard]] Awaitable<Result<UniqueFd>> ask_for_tls(Executor executor, UniqueFd socket, StartTls protocol,
                                                      std::string server, MonotonicTime deadline);

}  // namespace tcp::stream
