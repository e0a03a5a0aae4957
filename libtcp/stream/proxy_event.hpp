// SPDX-License-Identifier: MIT
// What the observer is told of a proxy server's requests, and how errors of theirs are called.
#pragma once

#include "libtcp/stream/proxy_server.hpp"
#include "libtcp/stream/session.hpp"

namespace tcp::stream {

void report_granted(SessionObserver& observer, std::uint64_t id, const ProxyRequest& request, unsigned code);
void report_refused(SessionObserver& observer, std::uint64_t id, const ProxyRequest& request, unsigned code,
                    std::string why);

[[nodiscard]] Errc code_of(ProxyRefusal refusal);
[[nodiscard]] Error denied_target(const HostTarget& target);

}  // namespace tcp::stream
