// SPDX-License-Identifier: MIT
// What clients and servers set up alike.
#pragma once

#include "libtcp/stream/tls_shared.hpp"

namespace tcp::stream {

// Versions, ciphers, protocols, the own certificate, the key log. Errors: see make_tls_client().
[[nodiscard]] Result<TlsSharedPtr> make_tls_shared(const TlsOptions& options, bool is_server, const Clock& clock);

// Both sides prove that they know `code`, and no certificate counts.
[[nodiscard]] Result<void> use_code(TlsShared& shared, const Sha256& code);

// Errors: what the system says about the file.
[[nodiscard]] Result<void> check_readable(const std::string& path);

// The file was readable, but OpenSSL made nothing of it.
[[nodiscard]] std::unexpected<Error> malformed_file(const std::string& path, const std::string& what);

}  // namespace tcp::stream
