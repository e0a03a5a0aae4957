// SPDX-License-Identifier: MIT
// A target becomes a connected socket: resolve a host, then try its addresses as Happy Eyeballs does (RFC 8305).
#pragma once

#include <optional>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/unique_fd.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/dial_options.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

struct Dialed {
  UniqueFd socket;                       // non-blocking
  Address remote;                        // the kernel does not tell it before the handshake (RFC 7413)
  std::optional<Duration> resolve_time;  // absent when there was no name to look up
  Duration connect_time{};
};

// No wait tells when the full queue of a Unix-domain socket has room again: it is asked after so long, doubled each
// time.
inline constexpr std::chrono::milliseconds kShortestDialPause{1};
inline constexpr std::chrono::milliseconds kLongestDialPause{64};

// The host's addresses in the order in which they are tried. Errors: none has the source address's family.
[[nodiscard]] Result<std::vector<IpAddress>> dial_order(const std::vector<IpAddress>& addresses,
                                                        const HostTarget& target, const DialOptions& options);

// A new attempt starts when the last one has failed or has had `attempt_delay`; the first to connect wins and the
// others are closed before a byte is sent. Errors: the resolver's; timed_out; "connect to HOST:PORT" with what each
// address said. The references must outlive the wait.
[[nodiscard]] Awaitable<Result<Dialed>> dial(Executor executor, const DialOptions& options, SessionObserver& observer,
                                             const Clock& clock);

}  // namespace tcp::stream
