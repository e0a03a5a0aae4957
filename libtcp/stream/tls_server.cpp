// SPDX-License-Identifier: MIT
#include <openssl/err.h>

#include "libtcp/stream/tls_certificate.hpp"
#include "libtcp/stream/tls_context.hpp"
#include "libtcp/stream/tls_words.hpp"

namespace tcp::stream {
namespace {

// RFC 7301 §3.2: our order counts, and a client that speaks none of ours is turned away.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned offered_size, void* data) {
  const std::string& ours = static_cast<const TlsShared*>(data)->alpn;
  unsigned char* found = nullptr;
  const int result = SSL_select_next_proto(&found, chosen_size, reinterpret_cast<const unsigned char*>(ours.data()),
                                           static_cast<unsigned>(ours.size()), offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Result<CertificateMade> use_own_certificate(SSL_CTX* context, WallTime now) {
  TCP_TRY_ASSIGN(made, make_self_signed(now));
  if (SSL_CTX_use_certificate(context, made.certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, made.key.get()) != 1) {
    return make_error(Errc::unsupported, "use a certificate", take_openssl_reason());
  }
  return CertificateMade{pin_to_string(certificate_hash(made.certificate.get())),
                         to_wall_time(X509_get0_notAfter(made.certificate.get()))};
}

Result<void> ask_clients(TlsShared& shared, const TlsServerOptions& options) {
  if (options.client_ca_file.empty()) return {};
  TCP_TRY(check_readable(options.client_ca_file));
  SSL_CTX* context = shared.context.get();
  const char* path = options.client_ca_file.c_str();
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(path);
  if (names == nullptr || SSL_CTX_load_verify_file(context, path) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return malformed_file(options.client_ca_file, "certificate");
  }
  SSL_CTX_set_client_CA_list(context, names);  // its owner from here on
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (options.client_optional ? 0 : SSL_VERIFY_FAIL_IF_NO_PEER_CERT),
                     nullptr);
  shared.proof = TlsVerified::ca;
  return {};
}

class ServerContext final : public TlsContext {
 public:
  ServerContext(TlsSharedPtr shared, std::optional<CertificateMade> own)
      : shared_(std::move(shared)), own_(std::move(own)) {}
  Result<std::unique_ptr<TlsTransport>> make_transport(std::unique_ptr<Transport> below, int socket) const override {
    return make_tls_transport(shared_, socket, std::move(below));
  }
  std::optional<CertificateMade> own_certificate() const override { return own_; }

 private:
  TlsSharedPtr shared_;
  std::optional<CertificateMade> own_;
};

}  // namespace

Result<std::unique_ptr<TlsContext>> make_tls_server(const TlsServerOptions& options, const Clock& clock) {
  TCP_TRY_ASSIGN(shared, make_tls_shared(options.common, true, clock));
  SSL_CTX* context = shared->context.get();
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  if (!shared->alpn.empty()) SSL_CTX_set_alpn_select_cb(context, choose_protocol, shared.get());
  std::optional<CertificateMade> own;
  if (options.common.certificate_file.empty() && !options.common.code) {
    TCP_TRY_ASSIGN(made, use_own_certificate(context, clock.wall_now()));
    own = std::move(made);
  }
  TCP_TRY(ask_clients(*shared, options));
  return std::make_unique<ServerContext>(std::move(shared), std::move(own));
}

}  // namespace tcp::stream
