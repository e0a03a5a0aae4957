// SPDX-License-Identifier: MIT
// The transport protocols that have port numbers in IANA's registry.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tcp::ports {

enum class Protocol : std::uint8_t { tcp, udp, sctp, dccp };

inline constexpr std::array kProtocols{Protocol::tcp, Protocol::udp, Protocol::sctp, Protocol::dccp};

// "tcp"
[[nodiscard]] std::string_view to_string(Protocol protocol) noexcept;
// Lower case only, as the registry writes it.
[[nodiscard]] std::optional<Protocol> parse_protocol(std::string_view text) noexcept;

}  // namespace tcp::ports
