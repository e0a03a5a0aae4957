// SPDX-License-Identifier: MIT
// Names to addresses without stopping the event loop, and the order in which they are tried.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/net/resolver.hpp"
#include "libtcp/stream/asio.hpp"
#include "libtcp/stream/dial_options.hpp"

namespace tcp::stream {

// All addresses at once. Addresses need no resolver. A name is looked up in a thread of its own, since the system's
// resolver blocks; at the deadline that thread is left behind. Errors: the resolver's, timed_out, a family that was
// excluded.
[[nodiscard]] Awaitable<Result<std::vector<IpAddress>>> resolve_until(Executor executor, std::string host,
                                                                      net::ResolveOptions options, Resolver resolver,
                                                                      MonotonicTime deadline);

// Of a host that is named by its address. Errors: a family that was excluded.
[[nodiscard]] Result<std::vector<IpAddress>> literal_address(const IpAddress& address, std::optional<Family> family);

// RFC 8305 §4: the resolver's order with the families taking turns, so that one broken family costs one attempt.
[[nodiscard]] std::vector<IpAddress> interleave_families(const std::vector<IpAddress>& addresses);

}  // namespace tcp::stream
