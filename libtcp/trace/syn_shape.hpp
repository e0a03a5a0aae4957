// SPDX-License-Identifier: MIT
// What our first segment looks like. The defaults are Linux's, so that connect() and we look the same on the wire.
#pragma once

#include <cstdint>
#include <optional>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/trace/handshake.hpp"

namespace tcp::trace {

// Which congestion notification a SYN asks for.
enum class Ecn : std::uint8_t {
  none,
  classic,   // ECE, CWR (RFC 3168 §6.1.1)
  accurate,  // AE, CWR, ECE (RFC 9768 §3.1.1)
};

inline constexpr std::uint8_t kUsualWindowShift = 7;  // Linux's for net.ipv4.tcp_rmem as it comes

struct SynShape {
  std::uint16_t control_bits = packet::control::syn;  // those of `ecn` come on top
  std::optional<std::uint16_t> mss;                   // absent: what the route's MTU allows
  std::optional<std::uint16_t> window;                // absent: linux_syn_window() of the MSS
  bool window_scaling = true;
  std::optional<std::uint8_t> window_shift;  // absent: kUsualWindowShift
  bool selective_ack = true;
  bool timestamps = true;
  Ecn ecn = Ecn::none;
  bool fast_open = false;  // asks for a cookie (RFC 7413 §4.1.1)
  bool multipath = false;  // MP_CAPABLE of version 1, without a key yet (RFC 8684 §3.1)
  std::uint8_t time_to_live = 64;
  std::uint8_t dscp = 0;

  // A SYN that asks to open a connection; anything else is a probe, sent bare.
  [[nodiscard]] bool opens() const noexcept;
  [[nodiscard]] std::uint8_t shift() const noexcept { return window_shift.value_or(kUsualWindowShift); }
};

// What differs from one SYN to the next.
struct SynFields {
  FourTuple tuple;
  std::uint16_t route_mss = 1460;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;  // of a probe with ACK
  std::uint32_t timestamp = 0;
  std::uint16_t identification = 0;  // IPv4 only
  std::uint32_t flow_label = 0;      // IPv6 only
};

// Linux rounds the initial window down to whole segments: 64240 at an MSS of 1460.
[[nodiscard]] std::uint16_t linux_syn_window(std::uint16_t mss) noexcept;

// Options in Linux's order and padding; a probe has none.
[[nodiscard]] Segment make_syn(const SynShape& shape, const SynFields& fields);

// What Linux still asks for in its `number`th repetition (1 is the first): no ECN, no Fast Open, and after two of them
// no MPTCP, in case that is why nobody answers.
[[nodiscard]] SynShape for_repetition(const SynShape& shape, unsigned number) noexcept;

}  // namespace tcp::trace
