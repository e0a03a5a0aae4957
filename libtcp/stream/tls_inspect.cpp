// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_inspect.hpp"

#include <openssl/err.h>

#include <array>

#include "libtcp/stream/tls_certificate.hpp"
#include "libtcp/stream/tls_error.hpp"
#include "libtcp/stream/tls_failure.hpp"
#include "libtcp/stream/tls_openssl.hpp"
#include "libtcp/stream/tls_words.hpp"

namespace tcp::stream {
namespace {

using SharedContext = std::shared_ptr<SSL_CTX>;

class MemoryInspection final : public TlsInspection {
 public:
  MemoryInspection(SharedContext context, const Clock& clock) : context_(std::move(context)), clock_(clock) {}

  bool open(const std::string& server_name, std::span<const std::string> alpn) {
    ssl_.reset(SSL_new(context_.get()));
    BioPtr in(BIO_new(BIO_s_mem()));
    BioPtr out(BIO_new(BIO_s_mem()));
    if (!ssl_ || !in || !out) return false;
    in_ = in.get();
    out_ = out.get();
    SSL_set_bio(ssl_.get(), in.release(), out.release());
    SSL_set_connect_state(ssl_.get());
    std::string name = server_name;
    if (!name.empty()) SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    const std::string wire = alpn_to_wire({alpn.begin(), alpn.end()});
    if (!wire.empty()) {
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                          static_cast<unsigned>(wire.size()));
    }
    advance();
    return true;
  }

  void receive(std::span<const std::uint8_t> bytes) override {
    if (bytes.empty() || state_ == State::failed || state_ == State::ended) return;
    BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
    advance();
  }

  void send(std::span<const std::uint8_t> payload) override {
    if (state_ != State::established || payload.empty()) return;
    ERR_clear_error();
    std::size_t written = 0;
    SSL_write_ex(ssl_.get(), payload.data(), payload.size(), &written);
    ERR_clear_error();
  }

  Bytes take_output() override {
    Bytes bytes(BIO_ctrl_pending(out_));
    if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
    return bytes;
  }

  Bytes take_payload() override { return std::exchange(payload_, {}); }
  State state() const override { return state_; }
  std::string failure() const override { return failure_; }

  TlsSession session() const override {
    TlsSession session;
    session.version = SSL_get_version(ssl_.get());
    session.cipher = SSL_get_cipher_name(ssl_.get());
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
    if (size > 0) session.alpn.emplace(reinterpret_cast<const char*>(protocol), size);
    const X509Ptr own(SSL_get1_peer_certificate(ssl_.get()));
    if (own) session.peer_chain.push_back(describe_certificate(own.get(), clock_.wall_now()));
    return session;
  }

 private:
  void advance() {
    ERR_clear_error();
    if (state_ == State::handshake) {
      const int result = SSL_do_handshake(ssl_.get());
      if (result != 1) {
        judge(result);
        return;
      }
      state_ = State::established;
    }
    std::array<std::uint8_t, 4096> buffer;
    std::size_t some = 0;
    int result = 0;
    while ((result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &some)) == 1) {
      payload_.insert(payload_.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(some));
    }
    judge(result);
  }

  void judge(int result) {
    const int why = SSL_get_error(ssl_.get(), result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
    if (why == SSL_ERROR_ZERO_RETURN) {
      state_ = State::ended;
      return;
    }
    state_ = State::failed;
    if (const auto alert = alert_in(ERR_peek_error())) {
      failure_ = "alert " + std::string(alert_name(*alert));
      ERR_clear_error();
    } else {
      failure_ = take_openssl_reason();
    }
    if (failure_.empty()) failure_ = "it breaks the protocol";
  }

  SharedContext context_;
  const Clock& clock_;
  SslPtr ssl_;
  BIO* in_ = nullptr;  // both belong to ssl_
  BIO* out_ = nullptr;
  State state_ = State::handshake;
  Bytes payload_;
  std::string failure_;
};

class MemoryInspector final : public TlsInspector {
 public:
  MemoryInspector(SharedContext context, const Clock& clock) : context_(std::move(context)), clock_(clock) {}

  std::unique_ptr<TlsInspection> inspect(const std::string& server_name,
                                         std::span<const std::string> alpn) const override {
    auto inspection = std::make_unique<MemoryInspection>(context_, clock_);
    if (!inspection->open(server_name, alpn)) return nullptr;
    return inspection;
  }

 private:
  SharedContext context_;
  const Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<TlsInspector>> make_tls_inspector(const Clock& clock) {
  const SharedContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (!context) return make_error(Errc::unsupported, "start TLS", take_openssl_reason());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_ctrl(context.get(), SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_VERSION, nullptr);
  SSL_CTX_set_options(context.get(), SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  return std::make_unique<MemoryInspector>(context, clock);
}

}  // namespace tcp::stream
