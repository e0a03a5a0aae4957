// SPDX-License-Identifier: MIT
// What can go wrong with TLS after its handshake, as error codes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace tcp::stream {

enum class TlsErrc {
  truncated = 1,  // a FIN, and no close_notify before it: somebody may have cut the end off
  broken,         // what arrived breaks the protocol or its keys
  handshake,      // it did not get through; the transport knows why
  wrong_code,     // likewise, since the code that both should know is not the same
};

const std::error_category& tls_category() noexcept;
std::error_code make_error_code(TlsErrc code) noexcept;

// RFC 8446 §6. The peer sent this alert.
[[nodiscard]] std::error_code alert_code(std::uint8_t alert) noexcept;
// "unknown CA"
[[nodiscard]] std::string_view alert_name(std::uint8_t alert) noexcept;

}  // namespace tcp::stream

template <>
struct std::is_error_code_enum<tcp::stream::TlsErrc> : std::true_type {};
