// SPDX-License-Identifier: MIT
// A handshake that somebody else made and that passed by: who, when, with which options, and how it came out.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/packet/flow_segment.hpp"
#include "libtcp/packet/icmp.hpp"
#include "libtcp/packet/tunnel.hpp"

namespace tcp::trace {

enum class ObservedOutcome : std::uint8_t {
  established,  // SYN, SYN-ACK and ACK, or both sides' SYN acknowledged (simultaneous open)
  refused,      // the server answered the SYN by RST
  unreachable,  // an ICMP error quoted the SYN, and nothing else came
  unanswered,   // SYNs, and nothing came back
  half_open,    // the SYN-ACK was never acknowledged
  rejected,     // the client answered the SYN-ACK by RST
  abandoned,    // the client reset before anything came back
  partial,      // its beginning was not seen
};
inline constexpr std::size_t kObservedOutcomes = 8;

// The first words of one side: its SYN or SYN-ACK.
struct OpeningSegment {
  bool seen = false;
  std::uint16_t control_bits = 0;
  std::uint16_t window = 0;
  std::uint8_t time_to_live = 0;
  std::uint8_t options_length = 0;
  std::array<std::uint8_t, 40> options{};  // raw, as in the first copy

  [[nodiscard]] packet::Bytes raw_options() const noexcept { return {options.data(), options_length}; }
};

struct ObservedIcmp {
  packet::IcmpHeader header;
  IpAddress sender;
  std::uint8_t time_to_live = 0;
  WallTime time;
};

// A time between two packets. `longest` differs when a retransmission makes it ambiguous which was answered (Karn).
struct ObservedRoundTrip {
  Duration shortest{};
  Duration longest{};
  [[nodiscard]] bool ambiguous() const noexcept { return shortest != longest; }
};

struct ObservedHandshake {
  Endpoint client;
  Endpoint server;
  std::optional<packet::WayIn> way;  // what it was wrapped in; absent: nothing
  ObservedOutcome outcome = ObservedOutcome::partial;
  bool simultaneous_open = false;
  bool evicted = false;  // told before its time, for want of room
  WallTime first;        // of its first segment
  WallTime last;         // of what decided it
  std::uint32_t syn_count = 0;
  std::uint32_t syn_ack_count = 0;
  std::optional<ObservedRoundTrip> server_side;  // SYN to its answer: from here to the server and back
  std::optional<ObservedRoundTrip> client_side;  // SYN-ACK to ACK: from here to the client and back
  OpeningSegment client_opening;
  OpeningSegment server_opening;
  std::optional<ObservedIcmp> icmp;
  std::uint32_t icmp_count = 0;

  [[nodiscard]] bool retransmitted() const noexcept { return syn_count > 1 || syn_ack_count > 1; }
};

// What a summary needs of a handshake, and no more: made and handed on by the million.
struct HandshakeGist {
  packet::AddressNumber client;
  packet::AddressNumber server;
  // Negative: none, or ambiguous.
  Duration server_side{-1};
  Duration client_side{-1};
  std::uint16_t server_port = 0;
  Family family = Family::v4;
  ObservedOutcome outcome = ObservedOutcome::partial;
  bool retransmitted = false;
  bool ambiguous = false;  // its server side
  friend bool operator==(const HandshakeGist&, const HandshakeGist&) = default;
};
[[nodiscard]] HandshakeGist gist_of(const ObservedHandshake& handshake);

class HandshakeObserver {
 public:
  virtual ~HandshakeObserver() = default;
  // Once a handshake, when it is decided. The reference is valid during the call.
  virtual void on_handshake(const ObservedHandshake& handshake) = 0;
};

[[nodiscard]] std::string_view to_string(ObservedOutcome outcome);
// Ended otherwise than by a connection, as far as it was seen; a partial one is no failure.
[[nodiscard]] bool failed(ObservedOutcome outcome) noexcept;

}  // namespace tcp::trace
