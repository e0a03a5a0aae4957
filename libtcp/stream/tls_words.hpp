// SPDX-License-Identifier: MIT
// The words of TLS that people type.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "libtcp/base/error.hpp"
#include "libtcp/stream/tls_options.hpp"

namespace tcp::stream {

// "1.0" to "1.3".
[[nodiscard]] Result<TlsVersion> parse_tls_version(std::string_view text);

// "sha256:" and 64 hexadecimal digits, colons between bytes allowed; or "sha256//" and base64.
[[nodiscard]] Result<Sha256> parse_tls_pin(std::string_view text);
// "sha256:…"
[[nodiscard]] std::string pin_to_string(const Sha256& hash);
[[nodiscard]] std::string to_hex(const Sha256& hash);

// "h2,http/1.1": names of 1 to 255 bytes (RFC 7301 §3.1).
[[nodiscard]] Result<std::vector<std::string>> parse_alpn(std::string_view text);
// As they go into the extension: each after its length.
[[nodiscard]] std::string alpn_to_wire(const std::vector<std::string>& protocols);

}  // namespace tcp::stream
