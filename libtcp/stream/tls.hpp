// SPDX-License-Identifier: MIT
// TLS over a connected socket. Nothing of the library behind it is touched before a context is made.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/session.hpp"
#include "libtcp/stream/tls_options.hpp"
#include "libtcp/stream/transport.hpp"

namespace tcp::stream {

// Its prepare() is the handshake. A FIN without close_notify is an error (TlsErrc::truncated).
class TlsTransport : public Transport {
 public:
  // Once prepare() is done; the time of the handshake is the caller's to add.
  [[nodiscard]] virtual TlsSession session() const = 0;
  // Why prepare() failed with `code`.
  [[nodiscard]] virtual Error failure(std::error_code code) const = 0;
};

// What the connections of one run have in common. Transports keep what they need of it alive.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  // `below` is over the socket, which is borrowed, connected and non-blocking.
  [[nodiscard]] virtual Result<std::unique_ptr<TlsTransport>> make_transport(std::unique_ptr<Transport> below,
                                                                             int socket) const = 0;
  // Present when a server made one.
  [[nodiscard]] virtual std::optional<CertificateMade> own_certificate() const { return std::nullopt; }
};

// False: this build has no TLS, and what follows says so.
[[nodiscard]] bool has_tls() noexcept;

// Reads the files. `host` is who is asked for, a name or an address. The clock must outlive the transports. Errors:
// files that cannot be read or do not hold what they should; ciphers that nobody knows.
[[nodiscard]] Result<std::unique_ptr<TlsContext>> make_tls_client(const TlsClientOptions& options,
                                                                  const std::string& host, const Clock& clock);
[[nodiscard]] Result<std::unique_ptr<TlsContext>> make_tls_server(const TlsServerOptions& options, const Clock& clock);

}  // namespace tcp::stream
