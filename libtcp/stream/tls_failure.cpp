// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_failure.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/err.h>

#include "libtcp/stream/tls_certificate.hpp"
#include "libtcp/stream/tls_error.hpp"
#include "libtcp/stream/tls_words.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kMostNamesTold = 10;

std::string date_of(const ASN1_TIME* time) { return to_rfc3339(to_wall_time(time)).substr(0, 10); }

// "certificate CN=example.org"
std::string called(const X509* certificate) {
  const std::string subject = subject_of(certificate);
  return subject.empty() ? "the certificate" : "certificate " + subject;
}

std::string names_told(const X509* certificate) {
  std::vector<std::string> names = names_of(certificate);
  if (names.empty()) return "no names at all";
  const std::size_t more = names.size() > kMostNamesTold ? names.size() - kMostNamesTold : 0;
  names.resize(names.size() - more);
  const std::string told = fmt::format("{}", fmt::join(names, ", "));
  return more > 0 ? fmt::format("{} and {} more", told, more) : told;
}

bool is_untrusted(long result) {
  return result == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT || result == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         result == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE || result == X509_V_ERR_CERT_UNTRUSTED;
}

// `certificate` is the one that was found wanting.
std::string what_is_wrong(long result, const X509* certificate, const TlsShared& shared) {
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("{} expired on {}", called(certificate), date_of(X509_get0_notAfter(certificate)));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("{} is valid from {} on", called(certificate), date_of(X509_get0_notBefore(certificate)));
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("the certificate is not for {}: it has {}", shared.peer_name, names_told(certificate));
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return called(certificate) + " is self-signed and not trusted here";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return fmt::format("the chain ends in an authority that is not trusted here: {}", subject_of(certificate));
    case X509_V_ERR_APPLICATION_VERIFICATION:
      return fmt::format("the certificate's pin is another one: {}, of its public key {}",
                         pin_to_string(certificate_hash(certificate)), pin_to_string(public_key_hash(certificate)));
    default: break;
  }
  if (is_untrusted(result)) {
    return fmt::format("{} is from an authority that is not trusted here: {}", called(certificate),
                       issuer_of(certificate));
  }
  return fmt::format("{}: {}", called(certificate), X509_verify_cert_error_string(result));
}

// A chain that did not hold is known as far as it could be built; one that was judged by a pin, as it was sent.
const X509* certificate_at_fault(const FailedHandshake& failed, long result) {
  const STACK_OF(X509)* chain = SSL_get0_verified_chain(failed.ssl);
  if (chain == nullptr) chain = SSL_get_peer_cert_chain(failed.ssl);
  const int count = chain != nullptr ? sk_X509_num(chain) : 0;
  if (count == 0) return nullptr;
  if (is_untrusted(result) || result == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) return sk_X509_value(chain, count - 1);
  const WallTime now = failed.shared.clock->wall_now();
  for (int i = 0; result == X509_V_ERR_CERT_HAS_EXPIRED && i < count; ++i) {
    const X509* certificate = sk_X509_value(chain, i);
    if (to_wall_time(X509_get0_notAfter(certificate)) < now) return certificate;
  }
  return sk_X509_value(chain, 0);
}

std::string what_is_wrong(const FailedHandshake& failed, long result) {
  const X509* certificate = certificate_at_fault(failed, result);
  if (certificate == nullptr) return X509_verify_cert_error_string(result);
  return what_is_wrong(result, certificate, failed.shared);
}

std::string how_to_trust(const FailedHandshake& failed, long result) {
  const STACK_OF(X509)* sent = SSL_get_peer_cert_chain(failed.ssl);
  if (failed.shared.is_server || sent == nullptr || sk_X509_num(sent) == 0) return {};
  if (!is_untrusted(result) && result != X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT &&
      result != X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN) {
    return {};
  }
  return "to trust just this certificate: " + failed.shared.pin_option + " " +
         pin_to_string(certificate_hash(sk_X509_value(sent, 0)));
}

bool looks_like_http(std::span<const unsigned char> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const std::string_view word : {"GET ", "HEAD ", "POST ", "PUT ", "OPTIONS ", "CONNECT ", "DELETE ", "HTTP/"}) {
    if (text.starts_with(word)) return true;
  }
  return false;
}

std::string no_tls(const FailedHandshake& failed) {
  const bool http = looks_like_http(failed.socket.beginning());
  if (failed.shared.is_server) return http ? "not TLS: the client speaks plain HTTP" : "not TLS";
  return http ? "the peer does not speak TLS but plain HTTP" : "the peer does not speak TLS";
}

std::string refusal(std::uint8_t alert) {
  return fmt::format("the peer refused with a TLS alert: {}", alert_name(alert));
}

std::string reason_of(unsigned long error) {
  switch (ERR_GET_REASON(error)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_PROTOCOLS_AVAILABLE: return "no TLS version that both sides allow";
    case SSL_R_NO_SHARED_CIPHER: return "no cipher that both sides allow";
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return "the client has no certificate";
    case SSL_R_NO_APPLICATION_PROTOCOL: return "no application protocol (ALPN) that both sides speak";
    default: break;
  }
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "the handshake failed";
}

}  // namespace

// RFC 8446 §5.1: a record begins with its type, 20 to 23, and a version whose first byte is 3.
bool is_no_tls(std::span<const unsigned char> bytes) {
  if (bytes.empty()) return false;
  return bytes[0] < 20 || bytes[0] > 23 || (bytes.size() > 1 && bytes[1] != 3);
}

std::optional<std::uint8_t> alert_in(unsigned long error) {
  const int reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) != ERR_LIB_SSL || reason < SSL_AD_REASON_OFFSET || reason > SSL_AD_REASON_OFFSET + 255) {
    return std::nullopt;
  }
  return static_cast<std::uint8_t>(reason - SSL_AD_REASON_OFFSET);
}

namespace {

// The one who does not know it sees the other refuse, or show a certificate that it cannot have asked for.
bool is_wrong_code(const FailedHandshake& failed, unsigned long error) {
  if (!failed.shared.code) return false;
  const int reason = ERR_GET_REASON(error);
  if (failed.shared.is_server) {
    return reason == SSL_R_BINDER_DOES_NOT_VERIFY || reason == SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM ||
           reason == SSL_R_NO_SHARED_CIPHER;
  }
  return alert_in(error) || reason == SSL_R_CERTIFICATE_VERIFY_FAILED;
}

}  // namespace

Error describe_failure(const FailedHandshake& failed) {
  const unsigned long error = ERR_peek_error();
  Error described{TlsErrc::handshake, {}, {}, {}};
  if (is_wrong_code(failed, error)) {
    ERR_clear_error();
    return {TlsErrc::wrong_code, {}, "the peer has another code, or none", {}};
  }
  const long result = SSL_get_verify_result(failed.ssl);
  if (is_no_tls(failed.socket.beginning())) {
    described.detail = no_tls(failed);
  } else if (result != X509_V_OK && ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    described.detail = what_is_wrong(failed, result);
    described.hint = how_to_trust(failed, result);
  } else if (const auto alert = alert_in(error)) {
    described = {alert_code(*alert), {}, refusal(*alert), {}};
  } else if (failed.socket.error()) {
    described = {failed.socket.error(), {}, {}, {}};
  } else if (failed.socket.has_ended()) {
    described.detail = "the peer closed the connection";
  } else {
    described.detail = reason_of(error);
  }
  ERR_clear_error();
  return described;
}

}  // namespace tcp::stream
