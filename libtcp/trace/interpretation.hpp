// SPDX-License-Identifier: MIT
// What follows from a handshake, each statement with its evidence. Nothing is asserted that the events do not show:
// "likely" and "no evidence" are answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "libtcp/trace/handshake.hpp"

namespace tcp::trace {

enum class Topic : std::uint8_t {
  result,
  round_trip,
  retransmission,
  segment_size,
  window,
  selective_ack,
  timestamps,
  congestion,  // ECN
  distance,
  reset_origin,
  simultaneous_open,
  data,
  closing,
  limits,  // what could not be seen
};

struct Finding {
  Topic topic = Topic::result;
  std::string statement;
  std::string evidence;
};

enum class RoundTripBasis : std::uint8_t {
  only_syn,   // one SYN was sent
  timestamp,  // TSecr tells which of several SYNs was answered (RFC 7323 §4.1)
  quote,      // the packet that an ICMP error quotes does
  ambiguous,  // nothing does (Karn): any of them, so it is a range
  kernel,     // tcpi_rtt
};

struct RoundTrip {
  Duration shortest{};
  Duration longest{};  // equal to `shortest` unless ambiguous
  RoundTripBasis basis = RoundTripBasis::only_syn;
};

// Hop distance from the TTL of what came back; the common initial values are 64, 128 and 255.
struct Distance {
  std::uint8_t time_to_live = 0;
  std::uint8_t initial = 64;  // the least common one that is not below
  std::uint8_t hops = 0;      // routers in between; 0 is the same link or the same host
};

enum class ResetOrigin : std::uint8_t {
  host,       // its TTL is that of the other segments
  elsewhere,  // its TTL differs, or the host answered otherwise as well
};

struct Meaning {
  std::optional<RoundTrip> round_trip;       // our SYN to its answer, whatever that was
  std::optional<std::uint16_t> mss;          // of the peer's SYN
  std::optional<std::uint32_t> implied_mtu;  // of the path as the peer, or what clamps its MSS, knows it
  std::optional<std::uint16_t> window;       // of the peer's SYN, bytes (never scaled, RFC 7323 §2.2)
  std::optional<std::uint8_t> window_shift;
  std::optional<bool> window_scaling;
  std::optional<bool> selective_ack;
  std::optional<bool> timestamps;
  std::optional<bool> ecn;  // absent: not asked for
  std::optional<Distance> distance;
  std::optional<ResetOrigin> reset_origin;  // absent: no RST, or nothing to compare it with
  std::vector<Finding> findings;            // in the order of Topic
};

[[nodiscard]] Meaning interpret(const Handshake& handshake);

[[nodiscard]] Distance distance_of(std::uint8_t time_to_live) noexcept;
[[nodiscard]] std::string_view to_string(Topic topic);
[[nodiscard]] std::string_view to_string(RoundTripBasis basis);
[[nodiscard]] std::string_view to_string(ResetOrigin origin);

}  // namespace tcp::trace
