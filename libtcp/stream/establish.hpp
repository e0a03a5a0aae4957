// SPDX-License-Identifier: MIT
// From words to a channel: what lies between a connection that was asked for, or accepted, and its first byte of
// payload.
#pragma once

#include <cstddef>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/dial_options.hpp"
#include "libtcp/stream/established.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/tls.hpp"

namespace tcp::stream {

// What the connections of one target have in common; null without TLS. Reads the files. Errors: make_tls_client()'s.
[[nodiscard]] Result<std::unique_ptr<TlsContext>> make_dial_tls(const DialOptions& options, const Clock& clock);

// Dials (see dial()) and makes the connection ready for payload, all within the dial's timeout. `tls`: what
// make_dial_tls() made of the options. `first`: bytes that go before everything else, TLS too, and are no payload; none
// with proxies. The references must outlive the wait, and the clock the channel.
[[nodiscard]] Awaitable<Result<Established>> establish(Executor executor, const DialOptions& options,
                                                       const TlsContext* tls, SessionObserver& observer,
                                                       const Clock& clock, std::vector<std::byte> first);

}  // namespace tcp::stream
