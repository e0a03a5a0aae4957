// SPDX-License-Identifier: MIT
// The rules of a tracker: how long it waits for what, what is a copy, and what segments are. Times are nanoseconds of
// the packets' own clock unless a name says otherwise.
#pragma once

#include <algorithm>
#include <cstdint>

#include "libtcp/packet/sequence.hpp"
#include "libtcp/packet/tcp_header.hpp"
#include "libtcp/trace/connection_table.hpp"

namespace tcp::trace {

inline constexpr std::int64_t kSecond = 1'000'000'000;
// A copy of a packet (seen on two interfaces, logged twice) comes at once; no sender repeats itself as fast. Where no
// identification tells packets apart it must come faster than any retransmission.
inline constexpr std::int64_t kMicrosecond = 1000;
inline constexpr std::int32_t kCopyWindow = 100'000;  // microseconds
inline constexpr std::int32_t kNamelessCopyWindow = 1'000;
// Longer than the longest gap between two SYNs of one attempt: 64 s of Linux's schedule.
inline constexpr std::int64_t kOpeningPatience = 75 * kSecond;
inline constexpr std::int64_t kUnreachablePatience =
    3 * kSecond;                                              // a client that goes on in spite of ICMP does so by then
inline constexpr std::int64_t kClosedPatience = 2 * kSecond;  // for late copies and acknowledgments
inline constexpr std::int64_t kPartialPatience = 300 * kSecond;
inline constexpr std::int64_t kEstablishedPatience = 7200 * kSecond;  // keepalive's own
inline constexpr std::int64_t kExpiryInterval = kSecond / 4;
inline constexpr std::uint32_t kLongestSynPayload = 65536;
inline constexpr std::uint32_t kResetReach = 1U << 20;       // from where a side stands to where its reset may
inline constexpr std::uint32_t kPlausibleWindow = 1U << 30;  // RFC 7323's largest

[[nodiscard]] inline std::int64_t to_number(WallTime time) { return time.time_since_epoch().count(); }

[[nodiscard]] constexpr std::int64_t patience(ConnectionClass list) {
  switch (list) {
    case ConnectionClass::opening: return kOpeningPatience;
    case ConnectionClass::doomed: return kUnreachablePatience;
    case ConnectionClass::established: return kEstablishedPatience;
    case ConnectionClass::partial: return kPartialPatience;
    case ConnectionClass::closed: return kClosedPatience;
  }
  return 0;
}

[[nodiscard]] inline std::uint32_t fingerprint(const packet::SegmentContent& segment) {
  const std::uint64_t numbers = std::uint64_t{segment.sequence} << 32 | segment.acknowledgment;
  const std::uint64_t rest = std::uint64_t{segment.checksum} << 48 | std::uint64_t{segment.identification} << 32 |
                             std::uint32_t{segment.control_bits} << 16 | segment.window;
  return static_cast<std::uint32_t>((numbers * 0x9e3779b97f4a7c15 ^ rest) * 0xd6e8feb86659fd93 >> 32) | 1;  // 0: empty
}

// Who opens is known by the first SYN, or by the first SYN-ACK.
inline void name_client(Connection& connection, bool client_is_high) {
  if (connection.client_known) return;
  connection.client_known = true;
  connection.client_is_high = client_is_high;
}

// Of a side whose SYN is known: the SYN alone, or with it what it carried (RFC 7413).
[[nodiscard]] inline bool acknowledges_syn(const Direction& direction, std::uint32_t acknowledgment) {
  return packet::sequence_before(direction.initial, acknowledgment) &&
         packet::sequence_before_or_at(acknowledgment, direction.next);
}

[[nodiscard]] inline bool is_syn_only(const packet::SegmentContent& segment) {
  return (segment.control_bits & (packet::control::syn | packet::control::ack | packet::control::rst)) ==
         packet::control::syn;
}
[[nodiscard]] inline bool is_syn_ack(const packet::SegmentContent& segment) {
  return (segment.control_bits & (packet::control::syn | packet::control::ack | packet::control::rst)) ==
         (packet::control::syn | packet::control::ack);
}

}  // namespace tcp::trace
