// SPDX-License-Identifier: MIT
// What the observer is told of a proxy server's requests, and how errors of theirs are called.
#pragma once

#include "libtcp/stream/proxy_server.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

void report_granted(SessionObserver& observer, std::uint64_t id, const ProxyRequest& request, unsigned code);
void report_refused(SessionObserver& observer, std::uint64_t id, const ProxyRequest& request, unsigned code,
                    std::string why);

// After a reply that refuses: so long, and so many bytes, the client is heard out, so that it reads the reply.
inline constexpr std::chrono::seconds kProxyFarewell{2};
inline constexpr std::size_t kMostProxyDrained = std::size_t{1} << 20;

[[nodiscard]] Errc code_of(ProxyRefusal refusal);
// Of a request.
[[nodiscard]] Error not_ended_in_time();
[[nodiscard]] Error left_before_tunnel();
[[nodiscard]] Error denied_target(const HostTarget& target);

}  // namespace tcp::stream
