// SPDX-License-Identifier: MIT
// What a probe is, what can come back for it, and what is concluded from that.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libtcp/base/clock.hpp"
#include "libtcp/base/endpoint.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/packet/icmp.hpp"

namespace tcp::scan {

// Source ports are a resource: a try more is a port more to guard.
inline constexpr unsigned kMostTries = 15;

struct Probe {
  std::uint64_t pair = 0;  // its index in the probe space
  Endpoint target;
  std::uint8_t attempt = 0;  // 0 is the first try
  Duration patience{};       // how long its answer will be waited for
};

enum class AnswerKind : std::uint8_t {
  syn_ack,
  rst,
  icmp,      // an error that quotes the probe
  presence,  // the host is there, by other means than TCP: an echo reply, its link address
  not_sent,  // this host could not send it
};

// An answer that proved to belong to a probe: its network has checked the cookie, or the kernel the connection.
struct Answer {
  AnswerKind kind = AnswerKind::syn_ack;
  Endpoint target;  // whom the probe went to
  std::uint8_t attempt = 0;
  MonotonicTime received;
  std::optional<Duration> rtt;  // where the network knows better than the difference of two clock readings
  std::optional<std::uint8_t> time_to_live;
  std::uint16_t window = 0;  // of an RST
  IpAddress sender;          // of the answer: another than the target for many ICMP errors
  packet::IcmpHeader icmp;
  int error_number = 0;  // not_sent: errno
};

struct Banner;

// `unfiltered`: probes reach it, and whether anybody listens is not known. `open_filtered`: silence that an open port
// keeps as well as a filter does.
enum class PortState : std::uint8_t { open, open_filtered, unfiltered, closed, filtered, error };
enum class Reason : std::uint8_t { syn_ack, rst, icmp, presence, silence, not_sent };

// "open", "open|filtered", "unfiltered", "closed", "filtered", "error"
[[nodiscard]] std::string_view to_string(PortState state) noexcept;
// "icmp host unreachable from 192.0.2.254"
[[nodiscard]] std::string explain_icmp(const std::optional<packet::IcmpHeader>& icmp,
                                       const std::optional<IpAddress>& sender);
// "syn-ack", "rst", "icmp", "presence", "silence", "not-sent"
[[nodiscard]] std::string_view to_string(Reason reason) noexcept;

// Worth a look: open, or not known to be otherwise though a probe may have reached it.
[[nodiscard]] constexpr bool may_be_open(PortState state) noexcept {
  return state == PortState::open || state == PortState::open_filtered || state == PortState::unfiltered;
}

struct PortResult {
  Endpoint target;
  PortState state = PortState::filtered;
  Reason reason = Reason::silence;
  std::optional<Duration> rtt;
  std::optional<std::uint8_t> time_to_live;  // as the answer arrived
  std::optional<packet::IcmpHeader> icmp;
  std::optional<IpAddress> icmp_sender;
  std::optional<Error> error;
  unsigned probes_sent = 0;
  std::shared_ptr<const Banner> banner;  // null: not asked for
};

// For people: "syn-ack", "rst", "icmp port unreachable from 192.0.2.1", "no answer to 4 probes",
// "send to 192.0.2.1:80: Network is unreachable".
[[nodiscard]] std::string explain(const PortResult& result);

}  // namespace tcp::scan
