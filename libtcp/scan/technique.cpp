// SPDX-License-Identifier: MIT
#include "libtcp/scan/technique.hpp"

#include <algorithm>
#include <array>

#include "libtcp/packet/tcp_header.hpp"

namespace tcp::scan {
namespace {

using namespace packet::control;

// RFC 1812 §5.2.7.1 and RFC 4443 §3.1: whoever could not or would not deliver it says unreachable; that is a statement
// about the way, not about the port. Time exceeded and the like say nothing of either.
std::optional<Verdict> classify_delivery(const Answer& answer) noexcept {
  if (answer.kind == AnswerKind::not_sent) return Verdict{PortState::error, Reason::not_sent};
  if (answer.kind != AnswerKind::icmp || !answer.icmp.is_unreachable()) return std::nullopt;
  return Verdict{PortState::filtered, Reason::icmp};
}

// RFC 9293 §3.10.7: a SYN is answered by SYN-ACK in LISTEN (§3.10.7.2) and by RST where there is no connection
// (§3.10.7.1).
std::optional<Verdict> classify_syn(const Answer& answer) noexcept {
  if (answer.kind == AnswerKind::syn_ack) return Verdict{PortState::open, Reason::syn_ack};
  if (answer.kind == AnswerKind::rst) return Verdict{PortState::closed, Reason::rst};
  return classify_delivery(answer);
}

// RFC 9293 §3.10.7: with neither SYN, ACK nor RST a segment is dropped in LISTEN (§3.10.7.2, "anything else") and
// answered by RST where there is no connection (§3.10.7.1). Some stacks reset in both cases.
std::optional<Verdict> classify_dropped_by_listeners(const Answer& answer) noexcept {
  if (answer.kind == AnswerKind::rst) return Verdict{PortState::closed, Reason::rst};
  return classify_delivery(answer);
}

// RFC 9293 §3.10.7: an ACK for nothing that was sent is answered by RST in LISTEN and where there is no connection
// alike. So it tells whether probes arrive, and no more.
std::optional<Verdict> classify_ack(const Answer& answer) noexcept {
  if (answer.kind == AnswerKind::rst) return Verdict{PortState::unfiltered, Reason::rst};
  return classify_delivery(answer);
}

// The RST of classify_ack() again. RFC 9293 gives its window no meaning (§3.5.2); some stacks fill in the receive
// window of the listener and zero where there is none. Elsewhere every port looks alike.
std::optional<Verdict> classify_window(const Answer& answer) noexcept {
  if (answer.kind != AnswerKind::rst) return classify_delivery(answer);
  return Verdict{answer.window != 0 ? PortState::open : PortState::closed, Reason::rst};
}

constexpr Verdict kFiltered{PortState::filtered, Reason::silence};
constexpr Verdict kOpenOrFiltered{PortState::open_filtered, Reason::silence};

constexpr std::array kTechniques{
    Technique{"syn", "our own SYN, no connection is made", true, syn, classify_syn, kFiltered},
    // The kernel sends the SYN and reads the answers; what they mean is the same.
    Technique{"connect", "connections by the kernel, reset at once; needs no privilege", false, 0, classify_syn,
              kFiltered},
    Technique{"fin", "closed ports reset it, open ones stay silent", true, fin, classify_dropped_by_listeners,
              kOpenOrFiltered},
    Technique{"null", "the same without any control bit", true, 0, classify_dropped_by_listeners, kOpenOrFiltered},
    Technique{"xmas", "the same with FIN, PSH and URG", true, fin | psh | urg, classify_dropped_by_listeners,
              kOpenOrFiltered},
    // Against RFC 9293 §3.10.7.2, BSD's descendants drop a FIN with ACK in LISTEN.
    Technique{"maimon", "closed ports reset it; on BSD's descendants open ones stay silent", true, fin | ack,
              classify_dropped_by_listeners, kOpenOrFiltered},
    Technique{"ack", "tells filtered ports from others, not open from closed", true, ack, classify_ack, kFiltered},
    Technique{"window", "an ack whose RST shows a window for open ports, on some systems", true, ack, classify_window,
              kFiltered},
};

}  // namespace

std::span<const Technique> techniques() noexcept { return kTechniques; }

const Technique* find_technique(std::string_view name) noexcept {
  const auto row = std::ranges::find(kTechniques, name, &Technique::name);
  return row == kTechniques.end() ? nullptr : row;
}

std::string technique_names() {
  std::string names = "auto";
  for (const Technique& technique : kTechniques) names += ", " + std::string(technique.name);
  return names;
}

const Technique* technique_for(std::uint16_t control_bits) noexcept {
  if ((control_bits & rst) != 0) return nullptr;
  if ((control_bits & ack) != 0) return find_technique("ack");
  return find_technique((control_bits & syn) != 0 ? "syn" : "null");
}

}  // namespace tcp::scan
