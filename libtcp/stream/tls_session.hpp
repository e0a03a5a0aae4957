// SPDX-License-Identifier: MIT
// What is known of a TLS session once its handshake is done.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/clock.hpp"

namespace tcp::stream {

// Texts come from the peer.
struct TlsCertificate {
  std::string subject;  // RFC 4514: "CN=example.org,O=Example"
  std::string issuer;
  WallTime not_after;
  std::int64_t days_left = 0;      // whole ones; negative: that long ago
  std::vector<std::string> names;  // DNS names and IP addresses of the subjectAltName
  std::string sha256;              // of the certificate, in hexadecimal
};

enum class TlsVerified : std::uint8_t {
  none,  // not checked, or there was nothing to check
  ca,    // an authority, and for a server its name
  pin,
  code,  // both sides know it
};

[[nodiscard]] std::string_view to_string(TlsVerified verified);

struct TlsSession {
  std::string version;  // "TLSv1.3"
  std::string cipher;
  std::optional<std::string> group;  // of the key exchange; absent with RSA
  std::optional<std::string> alpn;
  TlsVerified verified = TlsVerified::none;
  std::vector<TlsCertificate> peer_chain;  // as the peer sent it, its own first
  Duration handshake_time{};
};

}  // namespace tcp::stream
