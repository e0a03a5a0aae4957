// SPDX-License-Identifier: MIT
// Why a handshake did not get through, in words.
#pragma once

#include <cstdint>
#include <optional>

#include "libtcp/base/error.hpp"
#include "libtcp/stream/tls_bio.hpp"
#include "libtcp/stream/tls_shared.hpp"

namespace tcp::stream {

struct FailedHandshake {
  const TlsShared& shared;
  const SSL* ssl;
  const TlsSocket& socket;
  int why;  // SSL_get_error()
};

// The attempt is the caller's to add. Reads and empties OpenSSL's queue of errors.
[[nodiscard]] Error describe_failure(const FailedHandshake& failed);

// These first bytes are nothing that speaks TLS.
[[nodiscard]] bool is_no_tls(std::span<const unsigned char> beginning);

// The alert that the peer sent, when that is what an error of OpenSSL's queue says.
[[nodiscard]] std::optional<std::uint8_t> alert_in(unsigned long error);

}  // namespace tcp::stream
