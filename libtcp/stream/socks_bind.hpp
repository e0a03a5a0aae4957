// SPDX-License-Identifier: MIT
// SOCKS's BIND (RFC 1928 §4): a port of ours that the target is told of by the client, and is to connect to.
#pragma once

#include <memory>

#include "libtcp/stream/proxy_guest.hpp"

namespace tcp::stream {

// Null: nobody came who was expected; the conversation is closed then. Both replies have been said otherwise. Who comes
// from another address than the client named is turned away; the client names nobody by 0.0.0.0 or ::.
[[nodiscard]] Awaitable<std::unique_ptr<Channel>> wait_for_bound(const ProxyRoutes& routes, ProxyGuest& guest);

}  // namespace tcp::stream
