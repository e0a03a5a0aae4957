// SPDX-License-Identifier: MIT
// The proxy that the environment names, as other programs read it: ALL_PROXY, HTTPS_PROXY and NO_PROXY.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "libtcp/stream/proxy.hpp"

namespace tcp::stream {

// getenv(3), or what a test puts in its place; null: not set.
using Environment = std::function<const char*(const char*)>;

// HTTPS_PROXY first for TLS, ALL_PROXY first for all else, each in lower case before upper case; an empty one is none.
// A URL without a scheme is http's. Nothing: no proxy, or NO_PROXY has the target. Errors: parse_proxy_url()'s.
[[nodiscard]] Result<std::optional<Proxy>> proxy_of_environment(const Environment& environment,
                                                                const HostTarget& target, bool uses_tls);

// Commas or spaces between: "*", "example.org" and ".example.org" (it and what is below), either with ":PORT",
// addresses and prefixes.
[[nodiscard]] bool is_exempt(std::string_view no_proxy, const HostTarget& target);

}  // namespace tcp::stream
