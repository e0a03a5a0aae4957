// SPDX-License-Identifier: MIT
// Certificates as values, their pins, and one of our own.
#pragma once

#include <string>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/stream/tls_openssl.hpp"
#include "libtcp/stream/tls_options.hpp"
#include "libtcp/stream/tls_session.hpp"

namespace tcp::stream {

[[nodiscard]] TlsCertificate describe_certificate(const X509* certificate, WallTime now);
// DNS names and IP addresses of the subjectAltName; bounded.
[[nodiscard]] std::vector<std::string> names_of(const X509* certificate);
[[nodiscard]] std::string subject_of(const X509* certificate);
[[nodiscard]] std::string issuer_of(const X509* certificate);
[[nodiscard]] WallTime to_wall_time(const ASN1_TIME* time);

[[nodiscard]] Sha256 certificate_hash(const X509* certificate);
// Of its SubjectPublicKeyInfo (RFC 7469 §2.4).
[[nodiscard]] Sha256 public_key_hash(const X509* certificate);

struct SelfSigned {
  X509Ptr certificate;
  KeyPtr key;
};
// EC P-256, for this host's names, good for thirty days from `now` on.
[[nodiscard]] Result<SelfSigned> make_self_signed(WallTime now);

}  // namespace tcp::stream
