// SPDX-License-Identifier: MIT
// What TLS is asked for: versions, certificates, and whom to believe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/stream/starttls_protocol.hpp"

namespace tcp::stream {

enum class TlsVersion : std::uint8_t { tls1_0, tls1_1, tls1_2, tls1_3 };

using Sha256 = std::array<std::uint8_t, 32>;

// What both sides can ask for. Files are in PEM format.
struct TlsOptions {
  std::optional<TlsVersion> least;  // absent: TLS 1.2
  std::optional<TlsVersion> most;
  std::string ciphers;            // OpenSSL's list and TLS 1.3 suites mixed, colons between; empty: OpenSSL's choice
  std::vector<std::string> alpn;  // the most wanted first
  std::string certificate_file;   // with its chain; empty: none
  std::string key_file;           // empty: in the certificate's file
  std::string key_log_file;       // the secrets go there (SSLKEYLOGFILE); empty: nowhere
  std::optional<Sha256> code;     // known to both sides, in place of certificates (RFC 8446 §4.2.11); TLS 1.3 only
};

struct TlsClientOptions {
  TlsOptions common;
  std::string ca_path;               // a file or a directory; empty: the system's
  std::string name;                  // a name or an address; empty: the host that was asked for
  std::vector<Sha256> pins;          // of the certificate or its public key; one that matches is all that is asked for
  std::optional<StartTls> starttls;  // how TLS is asked for; absent: it begins at once
  bool insecure = false;             // whoever answers is believed
  std::string pin_option = "--tls-pin";  // what a hint calls the way to pin
};

struct TlsServerOptions {
  TlsOptions common;           // without a certificate one is made
  std::string client_ca_file;  // clients have to prove who they are; empty: they are not asked
  bool client_optional = false;
  Duration handshake_timeout = std::chrono::seconds(10);
};

}  // namespace tcp::stream
