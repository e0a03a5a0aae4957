// SPDX-License-Identifier: MIT
// A client's TLS without a socket, for those who want to know what a server has rather than whom it is: bytes in, bytes
// out, everything is accepted and nobody is believed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/tls_session.hpp"

namespace tcp::stream {

class TlsInspection {
 public:
  enum class State : std::uint8_t { handshake, established, ended, failed };
  using Bytes = std::vector<std::uint8_t>;

  virtual ~TlsInspection() = default;
  // What came from the server.
  virtual void receive(std::span<const std::uint8_t> bytes) = 0;
  // Payload, once established.
  virtual void send(std::span<const std::uint8_t> payload) = 0;
  // What has to go to the server.
  [[nodiscard]] virtual Bytes take_output() = 0;
  [[nodiscard]] virtual Bytes take_payload() = 0;
  [[nodiscard]] virtual State state() const = 0;
  // Once established; the time of the handshake is the caller's to know.
  [[nodiscard]] virtual TlsSession session() const = 0;
  // Once failed: "alert handshake failure", or what OpenSSL says.
  [[nodiscard]] virtual std::string failure() const = 0;
};

class TlsInspector {
 public:
  virtual ~TlsInspector() = default;
  // The ClientHello is in its output. `server_name` may be empty: then none is sent. Null: no memory.
  [[nodiscard]] virtual std::unique_ptr<TlsInspection> inspect(const std::string& server_name,
                                                               std::span<const std::string> alpn) const = 0;
};

// Speaks TLS 1.0 to 1.3 with whatever ciphers the library has. The clock must outlive it. Errors: a build without TLS.
[[nodiscard]] Result<std::unique_ptr<TlsInspector>> make_tls_inspector(const Clock& clock);

}  // namespace tcp::stream
