// SPDX-License-Identifier: MIT
#include "libtcp/scan/technique.hpp"

#include <algorithm>
#include <array>

#include "libtcp/packet/tcp_header.hpp"

namespace tcp::scan {
namespace {

// RFC 9293 §3.10.7: a SYN is answered by SYN-ACK in LISTEN (§3.10.7.2) and by RST where there is no connection
// (§3.10.7.1). RFC 1812 §5.2.7.1 and RFC 4443 §3.1: whoever could not or would not deliver it says unreachable; that is
// a statement about the way, not about the port. Time exceeded and the like say nothing of either.
std::optional<Verdict> classify_syn(const Answer& answer) noexcept {
  switch (answer.kind) {
    case AnswerKind::syn_ack: return Verdict{PortState::open, Reason::syn_ack};
    case AnswerKind::rst: return Verdict{PortState::closed, Reason::rst};
    case AnswerKind::icmp:
      if (!answer.icmp.is_unreachable()) return std::nullopt;
      return Verdict{PortState::filtered, Reason::icmp};
    case AnswerKind::not_sent: return Verdict{PortState::error, Reason::not_sent};
  }
  return std::nullopt;
}

constexpr Verdict kFilteredBySilence{PortState::filtered, Reason::silence};

constexpr std::array kTechniques{
    Technique{"syn", "our own SYN, no connection is made (needs CAP_NET_RAW)", true, packet::control::syn, classify_syn,
              kFilteredBySilence},
    // The kernel sends the SYN and reads the answers; what they mean is the same.
    Technique{"connect", "connections by the kernel, closed at once (needs no privilege)", false, 0, classify_syn,
              kFilteredBySilence},
};

}  // namespace

std::span<const Technique> techniques() noexcept { return kTechniques; }

const Technique* find_technique(std::string_view name) noexcept {
  const auto row = std::ranges::find(kTechniques, name, &Technique::name);
  return row == kTechniques.end() ? nullptr : row;
}

}  // namespace tcp::scan
