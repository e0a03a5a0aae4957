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
  fast_open,
  multipath,
  syn_cookies,
  distance,
  reset_origin,
  simultaneous_open,
  split_handshake,
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

// What a SYN-ACK says to a SYN that asks for ECN (RFC 3168 §6.1.1, RFC 9768 table 2).
enum class EcnAnswer : std::uint8_t {
  none,
  classic,
  accurate_not_ect,  // the rest says how the IP header of our SYN arrived
  accurate_ect1,
  accurate_ect0,
  accurate_ce,
  reserved,
  reflected,  // our own bits: broken
};

enum class SynCookies : std::uint8_t { likely, possible, unlikely };

// The SYN-ACKs of a handshake that was left half-open.
struct SynAckCount {
  std::vector<Duration> repeated_after;  // counted from the first
  Duration waited{};                     // from the first to the end
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
  std::optional<bool> ecn;  // absent: not asked for, or no evidence
  std::optional<EcnAnswer> ecn_answer;
  std::optional<bool> fast_open;  // a cookie was given
  std::optional<bool> multipath;
  std::optional<SynCookies> syn_cookies;
  bool split_handshake = false;
  std::optional<Distance> distance;
  std::optional<ResetOrigin> reset_origin;  // absent: no RST, or nothing to compare it with
  std::string reset_evidence;               // empty: no RST
  std::vector<Finding> findings;            // in the order of Topic
};

[[nodiscard]] Meaning interpret(const Handshake& handshake);

[[nodiscard]] SynAckCount count_syn_acks(const Handshake& handshake);
[[nodiscard]] Distance distance_of(std::uint8_t time_to_live) noexcept;
[[nodiscard]] std::string_view to_string(Topic topic);
[[nodiscard]] std::string_view to_string(RoundTripBasis basis);
[[nodiscard]] std::string_view to_string(ResetOrigin origin);
[[nodiscard]] std::string_view to_string(EcnAnswer answer);
[[nodiscard]] std::string_view to_string(SynCookies cookies);

}  // namespace tcp::trace
