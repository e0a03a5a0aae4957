// SPDX-License-Identifier: MIT
// A secret that both sides know in place of certificates: an external pre-shared key with (EC)DHE, so that whoever
// learns the code later cannot read what was sent.
#include <openssl/err.h>

#include <cstring>
#include <memory>
#include <string_view>

#include "libtcp/stream/tls_context.hpp"

namespace tcp::stream {
namespace {

constexpr std::string_view kIdentity = "tcpbox-code-1";
constexpr unsigned char kAes128Sha256[] = {0x13, 0x01};  // TLS_AES_128_GCM_SHA256: whose hash the key belongs to
constexpr const char* kSuites = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";

using SessionPtr = std::unique_ptr<SSL_SESSION, OpenSslFree<SSL_SESSION_free>>;

SSL_SESSION* make_session(SSL* ssl) {
  const auto* shared = static_cast<const TlsShared*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  SessionPtr session(SSL_SESSION_new());
  const SSL_CIPHER* cipher = SSL_CIPHER_find(ssl, kAes128Sha256);
  if (!session || cipher == nullptr ||
      SSL_SESSION_set1_master_key(session.get(), shared->code->data(), shared->code->size()) != 1 ||
      SSL_SESSION_set_cipher(session.get(), cipher) != 1 ||
      SSL_SESSION_set_protocol_version(session.get(), TLS1_3_VERSION) != 1) {
    return nullptr;
  }
  return session.release();
}

// `hash`: of the suite that was chosen already, after a request to say hello again.
int offer(SSL* ssl, const EVP_MD* hash, const unsigned char** identity, std::size_t* size, SSL_SESSION** session) {
  *session = hash == nullptr || hash == EVP_sha256() ? make_session(ssl) : nullptr;
  *identity = reinterpret_cast<const unsigned char*>(kIdentity.data());
  *size = kIdentity.size();
  return 1;
}

int find(SSL* ssl, const unsigned char* identity, std::size_t size, SSL_SESSION** session) {
  const bool is_known = size == kIdentity.size() && std::memcmp(identity, kIdentity.data(), size) == 0;
  *session = is_known ? make_session(ssl) : nullptr;
  return !is_known || *session != nullptr ? 1 : 0;
}

}  // namespace

// Without a certificate of its own a server has nothing else to go by, and a client without authorities believes none.
Result<void> use_code(TlsShared& shared, const Sha256& code) {
  shared.code = code;
  SSL_CTX* context = shared.context.get();
  if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 || SSL_CTX_set_ciphersuites(context, kSuites) != 1) {
    return make_error(Errc::unsupported, "TLS 1.3", take_openssl_reason());
  }
  if (shared.is_server) {
    SSL_CTX_set_psk_find_session_callback(context, find);
  } else {
    SSL_CTX_set_psk_use_session_callback(context, offer);
  }
  return {};
}

}  // namespace tcp::stream
