// SPDX-License-Identifier: MIT
// TLS as a banner needs it: bytes in, bytes out, and what was learnt. An inspection: nobody is verified. Who has a
// library for it implements it; the scan knows none.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"

namespace tcp::scan {

// Texts come from the peer.
struct TlsCertificateFacts {
  std::string subject;  // RFC 4514: "CN=example.org,O=Example"
  std::string issuer;
  std::vector<std::string> names;  // DNS names and IP addresses of the subjectAltName
  WallTime not_after;
  std::string sha256;  // of the certificate, in hexadecimal
};

struct TlsFacts {
  std::string version;  // "TLSv1.3"
  std::string cipher;
  std::optional<std::string> alpn;
  std::optional<TlsCertificateFacts> certificate;  // absent: the server showed none
};

class TlsProbe {
 public:
  enum class State : std::uint8_t { handshake, established, ended, failed };
  using Bytes = std::vector<std::uint8_t>;

  virtual ~TlsProbe() = default;
  // What came from the peer. State and output may change.
  virtual void receive(std::span<const std::uint8_t> bytes) = 0;
  // Payload for the peer, once established.
  virtual void send(std::span<const std::uint8_t> payload) = 0;
  // What has to go to the peer now: at first the ClientHello.
  [[nodiscard]] virtual Bytes take_output() = 0;
  // Payload of the peer.
  [[nodiscard]] virtual Bytes take_payload() = 0;
  [[nodiscard]] virtual State state() const = 0;
  // Once established.
  [[nodiscard]] virtual TlsFacts facts() const = 0;
  // Once failed: why.
  [[nodiscard]] virtual std::string failure() const = 0;
};

class TlsProbes {
 public:
  virtual ~TlsProbes() = default;
  // A conversation with `server_name` (empty: none is sent), offering these protocols (ALPN). Null: not possible.
  [[nodiscard]] virtual std::unique_ptr<TlsProbe> make(const std::string& server_name,
                                                       std::span<const std::string> alpn) const = 0;
};

}  // namespace tcp::scan
