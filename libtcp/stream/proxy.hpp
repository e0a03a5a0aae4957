// SPDX-License-Identifier: MIT
// A proxy as people name it: "socks5h://user:password@host:1080".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libtcp/base/error.hpp"
#include "libtcp/stream/target.hpp"

namespace tcp::stream {

enum class ProxyKind : std::uint8_t {
  socks4,   // the target's IPv4 address
  socks4a,  // or its name
  socks5,   // the target's address (RFC 1928)
  socks5h,  // or its name
  http,     // CONNECT (RFC 9110 §9.3.6)
  https,    // the same within TLS
};

struct ProxyCredentials {
  std::string user;
  std::string password;  // empty with SOCKS4, which knows none
  friend bool operator==(const ProxyCredentials&, const ProxyCredentials&) = default;
};

struct Proxy {
  ProxyKind kind = ProxyKind::http;
  HostTarget at;
  std::optional<ProxyCredentials> credentials;
};

// Of a chain.
inline constexpr std::size_t kMostProxies = 16;

// The scheme of its URL.
[[nodiscard]] std::string_view to_string(ProxyKind kind);
// The URL, without credentials.
[[nodiscard]] std::string to_string(const Proxy& proxy);

// Names are looked up by us, since the proxy takes addresses only.
[[nodiscard]] constexpr bool resolves_here(ProxyKind kind) noexcept {
  return kind == ProxyKind::socks4 || kind == ProxyKind::socks5;
}

// "SCHEME://[USER[:PASSWORD]@]HOST[:PORT]": percent-encoding in USER and PASSWORD is undone; without a port it is 1080,
// 80 (http) or 443 (https). Errors name the URL without its credentials.
[[nodiscard]] Result<Proxy> parse_proxy_url(std::string_view url);

// "USER[:PASSWORD]", as it is in a file. Errors: credentials that the kind of proxy has no room for.
[[nodiscard]] Result<ProxyCredentials> parse_proxy_credentials(std::string_view text);
[[nodiscard]] Result<void> check_credentials(ProxyKind kind, const ProxyCredentials& credentials);

// The part of a word that may be a user and a password, whether or not the word is a good URL; empty when it has none.
[[nodiscard]] std::string_view userinfo_in(std::string_view url);

}  // namespace tcp::stream
