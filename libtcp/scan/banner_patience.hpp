// SPDX-License-Identifier: MIT
// What the two halves of a conversation share: how long it waits, and bytes as text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "libtcp/base/clock.hpp"
#include "libtcp/scan/banner_protocols.hpp"

namespace tcp::scan {

inline constexpr Duration kListen = std::chrono::milliseconds(1000);         // for a greeting
inline constexpr Duration kSettle = std::chrono::milliseconds(1500);         // for the rest of what has begun
inline constexpr Duration kFirstQuestion = std::chrono::milliseconds(1000);  // for an answer
inline constexpr Duration kOtherQuestion = std::chrono::milliseconds(400);
// Above it, bytes are judged only when they have grown by an eighth: a drip must cost no time.
inline constexpr std::size_t kAlwaysJudged = 4096;

[[nodiscard]] inline std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// 0x14 to 0x17 open a record (RFC 8446 §5.1).
[[nodiscard]] inline bool may_be_tls(std::string_view text) {
  return text.empty() || (text[0] >= 0x14 && text[0] <= 0x17);
}

[[nodiscard]] inline const BannerProtocol& tls_row() {
  return *std::ranges::find_if(banner_protocols(), &BannerProtocol::tls);
}

}  // namespace tcp::scan
