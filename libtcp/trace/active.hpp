// SPDX-License-Identifier: MIT
// The client's side of one crafted connection as a state machine (RFC 9293 §3.10.7): open, acknowledge whatever the
// peer says, close with FIN, reset only when the peer does not close in time. No I/O and no clock: segments, ICMP
// errors and deadlines go in, segments to send come out.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/tcp_state.hpp"
#include "libtcp/trace/handshake.hpp"
#include "libtcp/trace/syn_shape.hpp"

namespace tcp::trace {

inline constexpr std::size_t kMostPayloadBytes = 1024;

struct ActiveOptions {
  FourTuple tuple;
  std::uint32_t initial_sequence = 0;      // ISN, random
  std::uint32_t probe_acknowledgment = 0;  // random; of a first segment with ACK
  std::uint32_t timestamp_base = 0;        // random; timestamps tick in milliseconds from here, as Linux's do
  std::uint16_t first_identification = 1;  // IPv4; counts up, zero is left out
  std::uint32_t flow_label = 0;            // IPv6, random, constant for the connection
  std::uint16_t route_mss = 1460;          // what the route's MTU allows
  SynShape shape;
  std::vector<std::uint8_t> payload;                 // sent once it is established; at most kMostPayloadBytes
  bool half_open = false;                            // a SYN-ACK is not acknowledged, only counted, until the timeout
  unsigned linear_timeouts = 4;                      // net.ipv4.tcp_syn_linear_timeouts
  unsigned syn_retries = 6;                          // net.ipv4.tcp_syn_retries
  Duration timeout = std::chrono::seconds(5);        // from the first SYN to the outcome
  Duration close_timeout = std::chrono::seconds(3);  // from the outcome to the peer's FIN
};

// How long Linux waits before the SYN is sent again for the `number`th time (1 is the first): a second as long as
// timeouts are linear, then doubling.
[[nodiscard]] Duration syn_timeout(unsigned number, unsigned linear_timeouts) noexcept;

// A segment to send now.
struct Outgoing {
  Role role = Role::ack;
  Segment segment;
};

class ActiveHandshake {
 public:
  // The SYN is ready to be taken.
  ActiveHandshake(const ActiveOptions& options, MonotonicTime now);

  // A segment from the remote to the local endpoint whose checksum is not wrong. Returns what it was.
  Role on_segment(const Segment& segment, MonotonicTime now);
  // An ICMP error that quotes a segment from the local to the remote endpoint.
  Role on_icmp(const IcmpAnswer& answer, MonotonicTime now);
  // Does what is due; nothing before deadline().
  void on_deadline(MonotonicTime now);
  // Ends it: nothing can be sent any more, or the user wants to stop. What the peer believes to be open is reset.
  void abort(Outcome reason, MonotonicTime now);

  // What there is to send, in order; the caller sends all of it.
  [[nodiscard]] std::vector<Outgoing> take_outgoing() { return std::exchange(outgoing_, {}); }
  [[nodiscard]] MonotonicTime deadline() const noexcept;
  // Nothing more is sent or expected; the port may be let go.
  [[nodiscard]] bool finished() const noexcept { return phase_ == Phase::finished; }

  [[nodiscard]] bool decided() const noexcept { return phase_ != Phase::opening && phase_ != Phase::withholding; }

  [[nodiscard]] Outcome outcome() const noexcept { return outcome_; }
  [[nodiscard]] Closing closing() const noexcept { return closing_; }
  [[nodiscard]] ClosingReason closing_reason() const noexcept { return closing_reason_; }  // of reset_by_us
  [[nodiscard]] TcpState state() const noexcept { return state_; }
  [[nodiscard]] bool simultaneous_open() const noexcept { return simultaneous_open_; }
  [[nodiscard]] std::uint32_t syn_count() const noexcept { return syn_count_; }
  [[nodiscard]] std::uint64_t bytes_received() const noexcept { return bytes_received_; }
  [[nodiscard]] std::uint64_t bytes_sent() const noexcept { return payload_sent_ ? options_.payload.size() : 0; }

 private:
  // Opening: SYN-SENT and SYN-RECEIVED. Withholding: half-open on purpose. Closing: ESTABLISHED and everything after
  // it. Holding: decided, but late segments are still answered by us rather than by the kernel.
  enum class Phase : std::uint8_t { opening, withholding, closing, holding, finished };

  Role in_probe(const Segment& segment, MonotonicTime now);
  Role in_syn_sent(const Segment& segment, MonotonicTime now);
  Role in_syn_received(const Segment& segment, MonotonicTime now);
  Role while_withholding(const Segment& segment, MonotonicTime now);
  Role in_connection(const Segment& segment, MonotonicTime now);
  Role while_holding(const Segment& segment, MonotonicTime now);
  Role on_syn_in_connection(const Segment& segment, MonotonicTime now);
  Role take_content(const Segment& segment, MonotonicTime now);
  Role accept_content(const Segment& segment, MonotonicTime now);

  void learn_peer(const Segment& syn);
  void establish(bool acknowledge, MonotonicTime now);
  void remember_timestamp(const Segment& segment);
  void note_acknowledgment(const Segment& segment, MonotonicTime now);
  void note_peer_fin();
  void finish_sending(MonotonicTime now);
  void refuse(Outcome outcome, MonotonicTime now);
  void hold(MonotonicTime now);
  void retransmit(MonotonicTime now);
  void give_up(MonotonicTime now);

  void send_syn(Role role, MonotonicTime now);
  void send(Role role, std::uint16_t control_bits, std::uint32_t sequence, MonotonicTime now);
  void send_payload(MonotonicTime now);
  void withhold(MonotonicTime now);
  void reset_half_open();
  [[nodiscard]] bool covers_first(std::uint32_t acknowledgment) const noexcept;
  void send_fin(Role role, MonotonicTime now);
  void acknowledge(MonotonicTime now);
  void reset_connection(ClosingReason reason, MonotonicTime now);
  void reset_unknown(const Segment& received);
  Segment make_segment(std::uint16_t control_bits, std::uint32_t sequence);
  [[nodiscard]] std::uint32_t timestamp(MonotonicTime now) const noexcept;
  [[nodiscard]] std::uint32_t fin_sequence() const noexcept;
  [[nodiscard]] std::size_t piece_bytes() const noexcept;
  [[nodiscard]] std::uint16_t offered_mss() const noexcept;
  [[nodiscard]] std::uint16_t syn_window() const noexcept;
  [[nodiscard]] std::uint16_t next_identification() noexcept;
  [[nodiscard]] bool in_window(const Segment& segment) const noexcept;

  ActiveOptions options_;
  Phase phase_ = Phase::opening;
  TcpState state_ = TcpState::syn_sent;
  Outcome outcome_ = Outcome::filtered;
  Closing closing_ = Closing::none;
  ClosingReason closing_reason_ = ClosingReason::timeout;
  bool simultaneous_open_ = false;

  std::uint32_t next_sequence_ = 0;   // SND.NXT
  std::uint32_t unacknowledged_ = 0;  // SND.UNA
  std::uint16_t peer_mss_ = 0;        // 0: it did not say
  bool payload_sent_ = false;
  std::uint32_t peer_initial_ = 0;               // IRS
  std::uint32_t peer_next_ = 0;                  // RCV.NXT
  std::optional<std::uint32_t> peer_timestamp_;  // TS.Recent, when both sides use timestamps
  bool window_scaling_ = false;
  std::uint16_t identification_ = 0;

  MonotonicTime started_;
  MonotonicTime last_syn_;
  MonotonicTime retransmit_at_;
  MonotonicTime give_up_at_;  // of the phase; end of holding
  Duration round_trip_{};     // by our own clock, for timers only
  Duration fin_timeout_{};
  unsigned retransmissions_ = 0;
  unsigned replies_left_ = 0;  // acknowledgments and resets that the peer can still draw from us

  std::uint32_t syn_count_ = 0;
  std::uint64_t bytes_received_ = 0;
  std::vector<Outgoing> outgoing_;
};

}  // namespace tcp::trace
