// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_certificate.hpp"

#include <algorithm>
#include <ctime>

#include "libtcp/base/ip_address.hpp"
#include "libtcp/stream/tls_words.hpp"

namespace tcp::stream {
namespace {

constexpr std::size_t kMostNames = 256;  // of a certificate that a stranger sent

std::string to_text(const X509_NAME* name) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  if (!memory) return {};
  X509_NAME_print_ex(memory.get(), name, 0, XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  return take_text(memory.get());
}

std::string address_text(const ASN1_OCTET_STRING* bytes) {
  const unsigned char* data = ASN1_STRING_get0_data(bytes);
  if (ASN1_STRING_length(bytes) == 4) {
    std::uint32_t address = 0;
    for (int i = 0; i < 4; ++i) address = address << 8 | data[i];
    return to_string(IpAddress::v4(address));
  }
  std::array<std::uint8_t, 16> address{};
  if (ASN1_STRING_length(bytes) != static_cast<int>(address.size())) return {};
  std::copy_n(data, address.size(), address.begin());
  return to_string(IpAddress::v6(address));
}

std::string general_name_text(const GENERAL_NAME* name) {
  if (name->type == GEN_IPADD) return address_text(name->d.iPAddress);
  if (name->type != GEN_DNS) return {};
  const ASN1_IA5STRING* text = name->d.dNSName;
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

Sha256 hash_of(const unsigned char* data, std::size_t size) {
  Sha256 hash{};
  EVP_Digest(data, size, hash.data(), nullptr, EVP_sha256(), nullptr);
  return hash;
}

std::int64_t whole_days(Duration duration) { return std::chrono::duration_cast<std::chrono::days>(duration).count(); }

}  // namespace

WallTime to_wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  // A WallTime ends in 2262; certificates that never end say 9999.
  constexpr std::time_t kLast = 9'000'000'000;
  return WallTime(std::chrono::seconds(std::min(::timegm(&parts), kLast)));
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  const GeneralNamesPtr all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const int count = all ? sk_GENERAL_NAME_num(all.get()) : 0;
  for (int i = 0; i < count && names.size() < kMostNames; ++i) {
    std::string text = general_name_text(sk_GENERAL_NAME_value(all.get(), i));
    if (!text.empty()) names.push_back(std::move(text));
  }
  return names;
}

std::string subject_of(const X509* certificate) { return to_text(X509_get_subject_name(certificate)); }

std::string issuer_of(const X509* certificate) { return to_text(X509_get_issuer_name(certificate)); }

Sha256 certificate_hash(const X509* certificate) {
  Sha256 hash{};
  X509_digest(certificate, EVP_sha256(), hash.data(), nullptr);
  return hash;
}

Sha256 public_key_hash(const X509* certificate) {
  unsigned char* encoded = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &encoded);
  if (size <= 0) return {};
  const Sha256 hash = hash_of(encoded, static_cast<std::size_t>(size));
  OPENSSL_free(encoded);
  return hash;
}

TlsCertificate describe_certificate(const X509* certificate, WallTime now) {
  TlsCertificate described;
  described.subject = subject_of(certificate);
  described.issuer = issuer_of(certificate);
  described.not_after = to_wall_time(X509_get0_notAfter(certificate));
  described.days_left = whole_days(described.not_after - now);
  described.names = names_of(certificate);
  described.sha256 = to_hex(certificate_hash(certificate));
  return described;
}

}  // namespace tcp::stream
