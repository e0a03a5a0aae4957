// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_context.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "libtcp/stream/tls_words.hpp"

namespace tcp::stream {
namespace {

// Several records in one read(2).
constexpr std::size_t kReadBufferBytes = std::size_t{68} * 1024;

int to_openssl(TlsVersion version) {
  switch (version) {
    case TlsVersion::tls1_0: return TLS1_VERSION;
    case TlsVersion::tls1_1: return TLS1_1_VERSION;
    case TlsVersion::tls1_2: return TLS1_2_VERSION;
    case TlsVersion::tls1_3: return TLS1_3_VERSION;
  }
  return 0;
}

// Who asks for TLS 1.0 or 1.1 gets the weak signatures that these need (SSL_CTX_set_security_level(3)).
Result<void> set_versions(SSL_CTX* context, const TlsOptions& options) {
  TlsVersion least = options.least.value_or(TlsVersion::tls1_2);
  if (options.most && !options.least && *options.most < least) least = *options.most;
  if (least < TlsVersion::tls1_2) SSL_CTX_set_security_level(context, 0);
  if (SSL_CTX_set_min_proto_version(context, to_openssl(least)) != 1 ||
      (options.most && SSL_CTX_set_max_proto_version(context, to_openssl(*options.most)) != 1)) {
    return make_error(Errc::unsupported, "TLS versions", "this OpenSSL has not got them");
  }
  return {};
}

// TLS 1.3 suites have a list of their own; the kind that is not named stays as it was.
Result<void> set_ciphers(SSL_CTX* context, const std::string& words) {
  std::string suites;
  std::string ciphers;
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find_first_of(":, ", at), words.size());
    std::string& list = words.compare(at, 4, "TLS_") == 0 ? suites : ciphers;
    if (end > at) list += (list.empty() ? "" : ":") + words.substr(at, end - at);
    at = end + 1;
  }
  if ((!suites.empty() && SSL_CTX_set_ciphersuites(context, suites.c_str()) != 1) ||
      (!ciphers.empty() && SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1)) {
    ERR_clear_error();
    return usage_error("TLS ciphers '" + words + "'", "must be names that 'openssl ciphers -s' knows, colons between");
  }
  return {};
}

// Nobody is asked: a key with a passphrase is refused.
int refuse_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Result<void> use_certificate(SSL_CTX* context, const TlsOptions& options) {
  if (options.certificate_file.empty()) return {};
  const std::string& key_file = options.key_file.empty() ? options.certificate_file : options.key_file;
  TCP_TRY(check_readable(options.certificate_file));
  TCP_TRY(check_readable(key_file));
  bool encrypted = false;
  SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &encrypted);
  const bool has_certificate = SSL_CTX_use_certificate_chain_file(context, options.certificate_file.c_str()) == 1;
  if (!has_certificate) return malformed_file(options.certificate_file, "certificate");
  const bool has_key = SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (has_key) return {};
  if (encrypted) return make_error(Errc::unsupported, key_file, "the key has a passphrase; one without is needed");
  if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
      ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH) {
    ERR_clear_error();
    return make_error(Errc::malformed, key_file, "the key does not belong to " + options.certificate_file);
  }
  return malformed_file(key_file, "private key");
}

// Whole lines, also when several processes write to the same file.
void log_key(const SSL* ssl, const char* line) {
  const auto* shared = static_cast<const TlsShared*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const std::string whole = std::string(line) + "\n";
  (void)!::write(shared->key_log.get(), whole.data(), whole.size());
}

Result<void> open_key_log(TlsShared& shared, const std::string& path) {
  if (path.empty()) return {};
  constexpr mode_t kOwnerOnly = 0600;
  shared.key_log = UniqueFd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, kOwnerOnly));
  if (!shared.key_log) return system_error("write the TLS keys to " + path);
  SSL_CTX_set_keylog_callback(shared.context.get(), log_key);
  return {};
}

}  // namespace

Result<void> check_readable(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return system_error("read " + path);
  struct stat status{};
  if (::fstat(file.get(), &status) == 0 && S_ISDIR(status.st_mode)) return system_error("read " + path, EISDIR);
  return {};
}

std::unexpected<Error> malformed_file(const std::string& path, const std::string& what) {
  ERR_clear_error();
  return make_error(Errc::malformed, path, "holds no valid " + what + " in PEM format");
}

// No sessions are kept for another time: a ticket that a client which only sends leaves unread would make its close a
// reset, and the rest of what it sent would be lost.
Result<TlsSharedPtr> make_tls_shared(const TlsOptions& options, bool is_server, const Clock& clock) {
  ERR_clear_error();
  auto shared = std::make_shared<TlsShared>();
  shared->is_server = is_server;
  shared->clock = &clock;
  shared->alpn = alpn_to_wire(options.alpn);
  shared->context.reset(SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method()));
  SSL_CTX* context = shared->context.get();
  if (context == nullptr) return make_error(Errc::unsupported, "start TLS", take_openssl_reason());
  SSL_CTX_set_app_data(context, shared.get());
  SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, kReadBufferBytes);
  TCP_TRY(set_versions(context, options));
  TCP_TRY(set_ciphers(context, options.ciphers));
  TCP_TRY(use_certificate(context, options));
  TCP_TRY(open_key_log(*shared, options.key_log_file));
  if (options.code) TCP_TRY(use_code(*shared, *options.code));
  return shared;
}

}  // namespace tcp::stream
