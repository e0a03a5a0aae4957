// SPDX-License-Identifier: MIT
// IANA's numbers of the TCP options that are read and written.
#pragma once

#include <cstdint>

namespace tcp::packet::option_kind {

inline constexpr std::uint8_t end_of_options = 0;
inline constexpr std::uint8_t no_operation = 1;
inline constexpr std::uint8_t maximum_segment_size = 2;
inline constexpr std::uint8_t window_scale = 3;
inline constexpr std::uint8_t sack_permitted = 4;
inline constexpr std::uint8_t sack = 5;
inline constexpr std::uint8_t timestamps = 8;
inline constexpr std::uint8_t md5_signature = 19;
inline constexpr std::uint8_t authentication = 29;
inline constexpr std::uint8_t mptcp = 30;
inline constexpr std::uint8_t fast_open = 34;
inline constexpr std::uint8_t accurate_ecn_0 = 172;
inline constexpr std::uint8_t accurate_ecn_1 = 174;
inline constexpr std::uint8_t experiment = 254;  // RFC 6994: a 16-bit identifier says whose

inline constexpr std::uint16_t fast_open_experiment = 0xf989;  // RFC 7413 §4.1.1

}  // namespace tcp::packet::option_kind
