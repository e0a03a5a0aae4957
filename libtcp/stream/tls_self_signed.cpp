// SPDX-License-Identifier: MIT
#include <openssl/rand.h>
#include <unistd.h>

#include <array>
#include <ctime>

#include "libtcp/stream/tls_certificate.hpp"

namespace tcp::stream {
namespace {

constexpr std::chrono::days kLifetime{30};
constexpr std::chrono::hours kClockSkew{1};  // of a client whose clock is behind ours
constexpr long kVersion3 = 2;                // RFC 5280 §4.1.2.1

std::string own_host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string();
}

std::string own_names() {
  const std::string host = own_host_name();
  const bool is_safe = !host.empty() && host.find_first_of(",:\n") == std::string::npos;
  return "DNS:localhost,IP:127.0.0.1,IP:::1" + (is_safe ? ",DNS:" + host : "");
}

bool set_serial(X509* certificate) {
  std::uint64_t serial = 0;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) != 1) return false;
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1) == 1;
}

bool set_validity(X509* certificate, WallTime now) {
  const std::time_t from = std::chrono::system_clock::to_time_t(
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(now - kClockSkew));
  const std::time_t until = from + std::chrono::seconds(kLifetime).count();
  return ASN1_TIME_set(X509_getm_notBefore(certificate), from) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), until) != nullptr;
}

bool set_names(X509* certificate) {
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>("tcpbox");
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
  using ExtensionPtr = std::unique_ptr<X509_EXTENSION, OpenSslFree<X509_EXTENSION_free>>;
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool fill(X509* certificate, EVP_PKEY* key, WallTime now) {
  return X509_set_version(certificate, kVersion3) == 1 && set_serial(certificate) && set_validity(certificate, now) &&
         set_names(certificate) && X509_set_pubkey(certificate, key) == 1 &&
         add_extension(certificate, NID_subject_alt_name, own_names()) &&
         add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") && X509_sign(certificate, key, EVP_sha256()) != 0;
}

}  // namespace

Result<SelfSigned> make_self_signed(WallTime now) {
  SelfSigned made{X509Ptr(X509_new()), KeyPtr(EVP_EC_gen("P-256"))};
  if (!made.certificate || !made.key || !fill(made.certificate.get(), made.key.get(), now)) {
    return make_error(Errc::unsupported, "make a certificate", take_openssl_reason());
  }
  return made;
}

}  // namespace tcp::stream
