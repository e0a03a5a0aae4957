// SPDX-License-Identifier: MIT
#include "libtcp/scan/answer.hpp"

namespace tcp::scan {

std::string explain_icmp(const std::optional<packet::IcmpHeader>& icmp, const std::optional<IpAddress>& sender) {
  std::string text = "icmp";
  if (icmp) text += " " + packet::to_string(*icmp);
  if (sender) text += " from " + to_string(*sender);
  return text;
}

std::string_view to_string(PortState state) noexcept {
  switch (state) {
    case PortState::open: return "open";
    case PortState::open_filtered: return "open|filtered";
    case PortState::unfiltered: return "unfiltered";
    case PortState::closed: return "closed";
    case PortState::filtered: return "filtered";
    case PortState::error: return "error";
  }
  return "error";
}

std::string_view to_string(Reason reason) noexcept {
  switch (reason) {
    case Reason::syn_ack: return "syn-ack";
    case Reason::rst: return "rst";
    case Reason::icmp: return "icmp";
    case Reason::presence: return "presence";
    case Reason::silence: return "silence";
    case Reason::not_sent: return "not-sent";
  }
  return "silence";
}

std::string explain(const PortResult& result) {
  switch (result.reason) {
    case Reason::syn_ack:
    case Reason::rst:
    case Reason::presence: break;
    case Reason::icmp: return explain_icmp(result.icmp, result.icmp_sender);
    case Reason::silence:
      return "no answer to " + std::to_string(result.probes_sent) + (result.probes_sent == 1 ? " probe" : " probes");
    case Reason::not_sent: return result.error ? result.error->message() : "not sent";
  }
  return std::string(to_string(result.reason));
}

}  // namespace tcp::scan
