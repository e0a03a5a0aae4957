// SPDX-License-Identifier: MIT
#include <openssl/err.h>
#include <sys/stat.h>

#include <algorithm>

#include "libtcp/base/ip_address.hpp"
#include "libtcp/stream/tls_certificate.hpp"
#include "libtcp/stream/tls_context.hpp"

namespace tcp::stream {
namespace {

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// Whatever the user puts there is an anchor, also a certificate that another one has signed.
Result<void> trust(SSL_CTX* context, const std::string& path) {
  if (path.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
    return make_error(Errc::unsupported, "find the system's authorities", take_openssl_reason());
  }
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  if (is_directory(path)) {
    if (SSL_CTX_load_verify_dir(context, path.c_str()) == 1) return {};
    return make_error(Errc::malformed, "read " + path, take_openssl_reason());
  }
  TCP_TRY(check_readable(path));
  if (SSL_CTX_load_verify_file(context, path.c_str()) != 1) return malformed_file(path, "certificate");
  return {};
}

// In place of all other checks.
int check_pins(X509_STORE_CTX* store, void* data) {
  const auto& pins = static_cast<const TlsShared*>(data)->pins;
  const X509* certificate = X509_STORE_CTX_get0_cert(store);
  const auto has = [&](const Sha256& hash) { return std::ranges::find(pins, hash) != pins.end(); };
  const bool is_right =
      certificate != nullptr && (has(certificate_hash(certificate)) || has(public_key_hash(certificate)));
  X509_STORE_CTX_set_error(store, is_right ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
  return is_right ? 1 : 0;
}

void set_peer(TlsShared& shared, std::string name) {
  if (name.ends_with('.')) name.pop_back();  // the root, which no certificate names
  const auto address = parse_ip_address(name);
  shared.peer_is_address = address.has_value();
  shared.peer_name = address ? to_string(address->without_scope().unmapped()) : std::move(name);
}

class ClientContext final : public TlsContext {
 public:
  explicit ClientContext(TlsSharedPtr shared) : shared_(std::move(shared)) {}
  Result<std::unique_ptr<TlsTransport>> make_transport(std::unique_ptr<Transport> below, int socket) const override {
    return make_tls_transport(shared_, socket, std::move(below));
  }

 private:
  TlsSharedPtr shared_;
};

}  // namespace

bool has_tls() noexcept { return true; }

Result<std::unique_ptr<TlsContext>> make_tls_client(const TlsClientOptions& options, const std::string& host,
                                                    const Clock& clock) {
  TCP_TRY_ASSIGN(shared, make_tls_shared(options.common, false, clock));
  SSL_CTX* context = shared->context.get();
  set_peer(*shared, options.name.empty() ? host : options.name);
  shared->pins = options.pins;
  shared->pin_option = options.pin_option;
  SSL_CTX_set_verify(context, options.insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (options.common.code) return std::make_unique<ClientContext>(std::move(shared));
  if (!options.pins.empty()) {
    SSL_CTX_set_cert_verify_callback(context, check_pins, shared.get());
    shared->proof = TlsVerified::pin;
  } else if (!options.insecure) {
    TCP_TRY(trust(context, options.ca_path));
    shared->proof = TlsVerified::ca;
  }
  return std::make_unique<ClientContext>(std::move(shared));
}

}  // namespace tcp::stream
