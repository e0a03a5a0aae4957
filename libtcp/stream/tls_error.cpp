// SPDX-License-Identifier: MIT
#include "libtcp/stream/tls_error.hpp"

namespace tcp::stream {
namespace {

constexpr int kAlerts = 1000;  // their codes begin here

class TlsCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "tls"; }

  [[nodiscard]] std::string message(int value) const override {
    if (value >= kAlerts) {
      return "the peer gave up with a TLS alert: " +
             std::string(alert_name(static_cast<std::uint8_t>(value - kAlerts)));
    }
    switch (static_cast<TlsErrc>(value)) {
      case TlsErrc::truncated: return "the peer ended without close_notify: what arrived may be cut short";
      case TlsErrc::broken: return "what arrived is no valid TLS";
      case TlsErrc::handshake: return "the TLS handshake failed";
      case TlsErrc::wrong_code: return "the peer has another code";
    }
    return "unknown error";
  }
};

}  // namespace

const std::error_category& tls_category() noexcept {
  static const auto& category = *new TlsCategory;  // never destroyed, as tcp_category()
  return category;
}

std::error_code make_error_code(TlsErrc code) noexcept { return {static_cast<int>(code), tls_category()}; }

std::error_code alert_code(std::uint8_t alert) noexcept { return {kAlerts + alert, tls_category()}; }

std::string_view alert_name(std::uint8_t alert) noexcept {
  switch (alert) {
    case 0: return "close notify";
    case 10: return "unexpected message";
    case 20: return "bad record MAC";
    case 21: return "decryption failed";
    case 22: return "record overflow";
    case 30: return "decompression failure";
    case 40: return "handshake failure";
    case 41: return "no certificate";
    case 42: return "bad certificate";
    case 43: return "unsupported certificate";
    case 44: return "certificate revoked";
    case 45: return "certificate expired";
    case 46: return "certificate unknown";
    case 47: return "illegal parameter";
    case 48: return "unknown CA";
    case 49: return "access denied";
    case 50: return "decode error";
    case 51: return "decrypt error";
    case 70: return "protocol version";
    case 71: return "insufficient security";
    case 80: return "internal error";
    case 86: return "inappropriate fallback";
    case 90: return "user canceled";
    case 100: return "no renegotiation";
    case 109: return "missing extension";
    case 110: return "unsupported extension";
    case 112: return "unrecognized name";
    case 113: return "bad certificate status response";
    case 115: return "unknown PSK identity";
    case 116: return "certificate required";
    case 120: return "no application protocol";
    default: return "unknown alert";
  }
}

}  // namespace tcp::stream
