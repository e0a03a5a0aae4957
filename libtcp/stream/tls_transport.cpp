// SPDX-License-Identifier: MIT
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <utility>

#include "libtcp/stream/tcp_statistics.hpp"
#include "libtcp/stream/tls_bio.hpp"
#include "libtcp/stream/tls_certificate.hpp"
#include "libtcp/stream/tls_error.hpp"
#include "libtcp/stream/tls_failure.hpp"
#include "libtcp/stream/tls_shared.hpp"

namespace tcp::stream {
namespace {

constexpr int kMostCertificates = 32;  // of a chain that a stranger sent, in the report

class OpenSslTransport final : public TlsTransport {
 public:
  OpenSslTransport(TlsSharedPtr shared, int socket, std::unique_ptr<Transport> below)
      : shared_(std::move(shared)), socket_(socket, std::move(below)) {}

  bool open() {
    ssl_.reset(SSL_new(shared_->context.get()));
    BIO* bio = ssl_ ? socket_.make_bio() : nullptr;
    if (bio == nullptr) return false;
    SSL_set_bio(ssl_.get(), bio, bio);
    const auto now = std::chrono::time_point_cast<std::chrono::seconds>(shared_->clock->wall_now());
    X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl_.get()), now.time_since_epoch().count());
    if (shared_->is_server) {
      SSL_set_accept_state(ssl_.get());
      return true;
    }
    SSL_set_connect_state(ssl_.get());
    return ask_for_peer();
  }

  Attempt prepare() override {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    const int why = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
    if (result != 1 && why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) return give_up_handshake(why);
    switch (socket_.flush()) {
      case TlsSocket::Flushed::blocked: return {0, socket_.wanted_to_flush(), {}};
      case TlsSocket::Flushed::failed: return give_up_handshake(SSL_ERROR_SYSCALL);
      case TlsSocket::Flushed::all: break;
    }
    if (result == 1) return {};
    if (is_no_tls(socket_.beginning())) return give_up_handshake(why);  // it may be waiting for us to say more
    return {0, why == SSL_ERROR_WANT_READ ? socket_.wanted_to_read() : socket_.wanted_to_flush(), {}};
  }

  // As many records as are at hand. What comes after bytes (an end, an error) waits for the next call.
  Attempt receive(std::span<std::byte> buffer) override {
    if (afterwards_) return *afterwards_;
    std::size_t have = 0;
    while (have < buffer.size()) {
      std::size_t some = 0;
      ERR_clear_error();
      const int result = SSL_read_ex(ssl_.get(), buffer.data() + have, buffer.size() - have, &some);
      if (result == 1) {
        have += some;
        continue;
      }
      const Attempt ending = explain(SSL_get_error(ssl_.get(), result));
      (void)socket_.flush();  // an answer to a request for new keys, or an alert
      if (ending.want != Want::nothing) {
        if (have > 0) break;
        return ending;
      }
      afterwards_ = ending;
      if (have == 0) return ending;
      break;
    }
    return {have, Want::nothing, {}};
  }

  // The bytes are taken once; they count as sent when all of what they became has left.
  Attempt send(std::span<const std::byte> bytes) override {
    if (taken_ == 0) {
      ERR_clear_error();
      const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &taken_);
      if (result != 1) {
        taken_ = 0;
        const Attempt refused = explain(SSL_get_error(ssl_.get(), result));
        return refused.error || refused.want != Want::nothing ? refused : broken_pipe();
      }
    }
    if (const Attempt flushed = flush(); flushed.error || flushed.want != Want::nothing) return flushed;
    return {std::exchange(taken_, 0), Want::nothing, {}};
  }

  // A peer that has ended by itself may be gone before our close_notify comes: whether that matters is for delivery().
  Attempt finish_sending() override {
    if (!finished_) {
      payload_end_ = socket_.total_sent();
      finished_ = true;
      SSL_shutdown(ssl_.get());
      ERR_clear_error();
    }
    switch (socket_.flush()) {
      case TlsSocket::Flushed::blocked: return {0, socket_.wanted_to_flush(), {}};
      case TlsSocket::Flushed::failed: lost_ = socket_.error(); return {};
      case TlsSocket::Flushed::all: break;
    }
    return socket_.shut_down_sending();
  }

  // A close_notify that a closed socket answers with a reset is no loss, when all before it has been acknowledged.
  std::error_code delivery(std::error_code pending) const override {
    const std::error_code error = pending ? pending : lost_;
    const bool peer_has_ended = (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
    if (!error || !peer_has_ended) return error;
    if (!socket_.is_over_plain()) return error;  // the kernel counts the bytes of others
    const auto statistics = read_tcp_statistics(socket_.descriptor());
    return statistics && statistics->acknowledged_bytes < payload_end_ ? error : std::error_code();
  }

  bool is_plain() const noexcept override { return false; }
  bool has_buffered() const noexcept override { return afterwards_.has_value() || SSL_has_pending(ssl_.get()) == 1; }

  TlsSession session() const override {
    TlsSession session;
    session.version = SSL_get_version(ssl_.get());
    session.cipher = SSL_get_cipher_name(ssl_.get());
    if (const long group = SSL_ctrl(ssl_.get(), SSL_CTRL_GET_NEGOTIATED_GROUP, 0, nullptr); group != 0) {
      const char* name = SSL_group_to_name(ssl_.get(), static_cast<int>(group));
      if (name != nullptr) session.group = name;
    }
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
    if (size > 0) session.alpn.emplace(reinterpret_cast<const char*>(protocol), size);
    session.peer_chain = peer_chain();
    session.verified = shared_->code                ? TlsVerified::code
                       : session.peer_chain.empty() ? TlsVerified::none
                                                    : shared_->proof;
    return session;
  }

  Error failure(std::error_code code) const override {
    Error error = failure_;
    error.code = code;
    return error;
  }

 private:
  // SNI has no addresses (RFC 6066 §3); the check of a name is for a chain that an authority has signed.
  bool ask_for_peer() {
    SSL* ssl = ssl_.get();
    char* name = shared_->peer_name.data();
    if (!shared_->alpn.empty() && !offer_protocols()) return false;
    if (!shared_->peer_is_address &&
        SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name) != 1) {
      return false;
    }
    X509_VERIFY_PARAM* expected = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(expected,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (shared_->peer_is_address) return X509_VERIFY_PARAM_set1_ip_asc(expected, name) == 1;
    return X509_VERIFY_PARAM_set1_host(expected, name, 0) == 1;
  }

  // Zero is success, for this one call.
  bool offer_protocols() {
    const auto* wire = reinterpret_cast<const unsigned char*>(shared_->alpn.data());
    return SSL_set_alpn_protos(ssl_.get(), wire, static_cast<unsigned>(shared_->alpn.size())) == 0;
  }

  Attempt flush() {
    switch (socket_.flush()) {
      case TlsSocket::Flushed::blocked: return {0, socket_.wanted_to_flush(), {}};
      case TlsSocket::Flushed::failed: return {0, Want::nothing, why_refused(socket_.error())};
      case TlsSocket::Flushed::all: break;
    }
    return {};
  }

  Attempt explain(int why) {
    switch (why) {
      case SSL_ERROR_WANT_READ: return {0, socket_.wanted_to_read(), {}};
      case SSL_ERROR_WANT_WRITE: return {0, socket_.wanted_to_flush(), {}};
      case SSL_ERROR_ZERO_RETURN: return {};
      case SSL_ERROR_SYSCALL:
        if (socket_.error()) return {0, Want::nothing, socket_.error()};
        return {0, Want::nothing, TlsErrc::truncated};
      default: return {0, Want::nothing, code_of(ERR_peek_error())};
    }
  }

  static std::error_code code_of(unsigned long error) {
    const int reason = ERR_GET_REASON(error);
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) return TlsErrc::truncated;
    if (const auto alert = alert_in(error)) return alert_code(*alert);
    return TlsErrc::broken;
  }

  static Attempt broken_pipe() { return {0, Want::nothing, std::make_error_code(std::errc::broken_pipe)}; }

  // The peer closed while we still had bytes for it: it may have said why, and that is worth more than EPIPE.
  std::error_code why_refused(std::error_code code) {
    if (afterwards_) return afterwards_->error.category() == tls_category() ? afterwards_->error : code;
    std::byte byte{};
    std::size_t some = 0;
    ERR_clear_error();
    if (SSL_peek_ex(ssl_.get(), &byte, 1, &some) == 1) return code;
    const auto alert = alert_in(ERR_peek_error());
    if (!alert) return code;
    afterwards_ = Attempt{0, Want::nothing, alert_code(*alert)};
    return afterwards_->error;
  }

  Attempt give_up_handshake(int why) {
    failure_ = describe_failure({*shared_, ssl_.get(), socket_, why});
    (void)socket_.flush();  // our alert
    (void)socket_.shut_down_sending();
    return {0, Want::nothing, failure_.code};
  }

  std::vector<TlsCertificate> peer_chain() const {
    std::vector<TlsCertificate> chain;
    const X509Ptr own(SSL_get1_peer_certificate(ssl_.get()));
    if (!own) return chain;
    const WallTime now = shared_->clock->wall_now();
    chain.push_back(describe_certificate(own.get(), now));
    const STACK_OF(X509)* rest = SSL_get_peer_cert_chain(ssl_.get());
    const int count = rest != nullptr ? std::min(sk_X509_num(rest), kMostCertificates) : 0;
    // What a server sent begins with its own once more.
    for (int i = shared_->is_server ? 0 : 1; i < count; ++i) {
      chain.push_back(describe_certificate(sk_X509_value(rest, i), now));
    }
    return chain;
  }

  TlsSharedPtr shared_;
  TlsSocket socket_;
  SslPtr ssl_;
  std::optional<Attempt> afterwards_;
  std::size_t taken_ = 0;  // of the bytes that send() was given
  bool finished_ = false;
  std::uint64_t payload_end_ = 0;  // of what the socket was given, before our close_notify
  std::error_code lost_;           // what kept our close_notify from leaving
  Error failure_;
};

}  // namespace

Result<std::unique_ptr<TlsTransport>> make_tls_transport(TlsSharedPtr shared, int socket,
                                                         std::unique_ptr<Transport> below) {
  auto transport = std::make_unique<OpenSslTransport>(std::move(shared), socket, std::move(below));
  if (!transport->open()) return make_error(Errc::unsupported, "start TLS", take_openssl_reason());
  return transport;
}

}  // namespace tcp::stream
