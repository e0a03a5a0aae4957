// SPDX-License-Identifier: MIT
// One TCP handshake as it was seen: its events in order and how it came out. Whoever watches fills it in, the one who
// made the handshake or one who only listened; interpretation.hpp says what follows from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/packet/icmp.hpp"
#include "libtcp/packet/tcp_header.hpp"
#include "libtcp/packet/tcp_options.hpp"

namespace tcp::trace {

// A TCP segment with what matters of the IP header around it; owns everything.
struct Segment {
  packet::TcpHeader header;
  packet::TcpOptions options;
  bool options_malformed = false;    // `options` ends before the malformed one
  std::uint32_t payload_length = 0;  // as sent, also when less was captured
  std::uint8_t time_to_live = 64;    // or hop limit
  std::uint8_t dscp = 0;
  std::uint8_t ecn = 0;
  std::uint16_t identification = 0;   // IPv4 only, otherwise 0
  bool dont_fragment = true;          // IPv4 only
  std::uint32_t flow_label = 0;       // IPv6 only, otherwise 0
  std::vector<std::uint8_t> payload;  // of what we send; what others send is only counted

  // What the segment takes of the sequence space: payload, SYN and FIN (RFC 9293 §3.4).
  [[nodiscard]] std::uint32_t sequence_length() const noexcept;
};

// An ICMP error that quotes a segment of the handshake.
struct IcmpAnswer {
  packet::IcmpHeader header;
  IpAddress sender;
  std::uint8_t time_to_live = 0;  // of the ICMP packet itself
  std::uint32_t quoted_sequence = 0;
  std::uint16_t quoted_identification = 0;        // IPv4 only; tells retransmissions apart
  std::optional<std::uint32_t> quoted_timestamp;  // so does TSval, when that much was quoted
};

enum class Party : std::uint8_t {
  client,   // who sent the first SYN
  server,   // whom it was for
  network,  // a router or host that answered by ICMP
  kernel,   // the local kernel's word, when it makes the handshake and shows no segments
};

// What an event is in the course of the handshake.
enum class Role : std::uint8_t {
  syn,
  syn_again,  // retransmitted
  syn_ack,
  syn_ack_again,  // retransmitted, or a late duplicate
  probe,          // a first segment that does not ask to open
  probe_again,
  ack,
  data,
  fin,
  fin_again,
  reset,
  peer_syn,       // a SYN that crosses ours (RFC 9293 §3.5, figure 7)
  late_syn_ack,   // an acceptance after the outcome was already another
  wrong_ack,      // acknowledges what was never sent; not part of this handshake
  out_of_window,  // outside the receive window
  old_duplicate,  // everything in it was received before
  unexpected,     // fits no state
  bad_checksum,
  icmp_error,     // ends a handshake that is not yet established (RFC 1122 §4.2.3.9)
  icmp_notice,    // does not
  connect_start,  // the kernel was asked
  connect_end,    // the kernel answered
  end_of_stream,  // the kernel saw the peer's FIN
  send_failed,
};

struct HandshakeEvent {
  WallTime time;
  bool kernel_time = true;  // false: our own clock, because the kernel did not see the packet pass
  Party from = Party::client;
  Role role = Role::unexpected;
  std::variant<std::monostate, Segment, IcmpAnswer, Error> what;

  [[nodiscard]] const Segment* segment() const noexcept { return std::get_if<Segment>(&what); }
  [[nodiscard]] const IcmpAnswer* icmp() const noexcept { return std::get_if<IcmpAnswer>(&what); }
  [[nodiscard]] const Error* error() const noexcept { return std::get_if<Error>(&what); }
};

enum class Outcome : std::uint8_t {
  established,
  refused,      // an RST that acknowledges our SYN
  filtered,     // silence
  unreachable,  // an ICMP error
  incomplete,   // the peer sent a SYN of its own and never acknowledged ours
  half_open,    // accepted, and our acknowledgment was withheld on purpose
  reset,        // an RST answers a probe that did not ask to open: the host is there, more is not known
  unanswered,   // silence after such a probe
  failed,       // nothing could be sent; `failure` says why
  interrupted,  // the user stopped it before it was decided
};

// How an established connection ended.
enum class Closing : std::uint8_t {
  none,     // it was not established, or the end was not watched
  orderly,  // FIN both ways, both acknowledged
  reset_by_peer,
  reset_by_us,  // ClosingReason says why
  left_open,    // the kernel closes it in the background
};

// Why we did not wait any longer for an orderly end.
enum class ClosingReason : std::uint8_t {
  timeout,           // the peer did not close in time
  too_much_data,     // more than is worth reading came
  too_many_replies,  // the peer drew more acknowledgments from us than is sound
  interrupted,       // by the user
  send_failed,
};

enum class Technique : std::uint8_t {
  raw,      // segments crafted and seen by us
  connect,  // the kernel's connect(), known by what it tells
};

// What the kernel tells of its own connection (tcp_info, see linux/tcp.h).
struct KernelView {
  Duration round_trip{};             // smoothed; right after the handshake its one sample
  std::uint32_t send_mss = 0;        // segments that we send, bytes of payload
  std::uint32_t advertised_mss = 0;  // ours
  std::uint32_t path_mtu = 0;
  bool timestamps = false;
  bool selective_ack = false;
  bool ecn = false;
  std::optional<std::uint8_t> peer_window_shift;  // absent: no window scaling
  std::uint32_t peer_window = 0;                  // bytes
  std::uint32_t syn_retransmissions = 0;
};

struct Handshake {
  FourTuple tuple;  // local is the client
  Technique technique = Technique::raw;
  std::vector<HandshakeEvent> events;  // by time
  std::uint64_t events_omitted = 0;    // beyond the bound on `events`, the last ones
  Outcome outcome = Outcome::failed;
  Closing closing = Closing::none;
  ClosingReason closing_reason = ClosingReason::timeout;  // of reset_by_us and left_open
  bool simultaneous_open = false;
  std::uint32_t syn_count = 0;       // sent, the first included
  std::uint64_t bytes_sent = 0;      // payload of ours, each byte once
  std::uint64_t bytes_received = 0;  // payload, each byte once
  std::optional<Error> failure;      // of what we tried ourselves
  std::optional<KernelView> kernel;  // technique connect, once established
};

// The words of the JSON: "syn_ack", "unreachable", …
[[nodiscard]] std::string_view to_string(Party party);
[[nodiscard]] std::string_view to_string(Role role);
[[nodiscard]] std::string_view to_string(Outcome outcome);
[[nodiscard]] std::string_view to_string(Closing closing);
[[nodiscard]] std::string_view to_string(Technique technique);

// Ends a handshake that is not yet established; "fragmentation needed" and "packet too big", for one, do not.
[[nodiscard]] bool ends_handshake(const packet::IcmpHeader& header) noexcept;

}  // namespace tcp::trace
