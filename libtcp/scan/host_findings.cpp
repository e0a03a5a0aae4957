// SPDX-License-Identifier: MIT
#include "libtcp/scan/host_findings.hpp"

#include <algorithm>

#include "libtcp/scan/answer.hpp"

namespace tcp::scan {
namespace {

constexpr std::size_t kMostErrors = 65'536;
constexpr unsigned kMostCounted = 15;

std::string times(unsigned count) {
  if (count == 1) return "once";
  return count == 2 ? "twice" : std::to_string(count) + " times";
}

std::string explain_silence(const HostFinding& finding) {
  std::string text;
  if (finding.echo_requests > 0) {
    text = std::to_string(finding.echo_requests) + (finding.echo_requests == 1 ? " echo request" : " echo requests");
  }
  if (finding.tcp_tries > 0) {
    text += (text.empty() ? "" : " and ") + std::to_string(finding.tcp_probes) + " TCP probes, each sent " +
            times(finding.tcp_tries);
  }
  return "no answer to " + text;
}

}  // namespace

HostState state_of(HostEvidence evidence) noexcept {
  switch (evidence) {
    case HostEvidence::none: return HostState::unknown;
    case HostEvidence::own_address:
    case HostEvidence::answered_earlier:
    case HostEvidence::neighbour:
    case HostEvidence::echo_reply:
    case HostEvidence::syn_ack:
    case HostEvidence::rst:
    case HostEvidence::icmp_error: return HostState::alive;
    case HostEvidence::no_neighbour:
    case HostEvidence::unreachable: return HostState::down;
    case HostEvidence::silence:
    case HostEvidence::icmp_from_other: return HostState::silent;
  }
  return HostState::unknown;
}

std::string_view to_string(HostState state) noexcept {
  switch (state) {
    case HostState::unknown: return "unknown";
    case HostState::alive: return "alive";
    case HostState::silent: return "silent";
    case HostState::down: return "down";
  }
  return "unknown";
}

std::string_view to_string(HostEvidence evidence) noexcept {
  switch (evidence) {
    case HostEvidence::none: return "none";
    case HostEvidence::own_address: return "own-address";
    case HostEvidence::answered_earlier: return "earlier-scan";
    case HostEvidence::neighbour: return "neighbour";
    case HostEvidence::echo_reply: return "echo-reply";
    case HostEvidence::syn_ack: return "syn-ack";
    case HostEvidence::rst: return "rst";
    case HostEvidence::icmp_error: return "icmp";
    case HostEvidence::no_neighbour: return "no-neighbour";
    case HostEvidence::unreachable: return "host-unreachable";
    case HostEvidence::silence: return "silence";
    case HostEvidence::icmp_from_other: return "icmp-from-other";
  }
  return "none";
}

std::string explain(const HostFinding& finding) {
  const char* resolution = finding.host.is_v4() ? "ARP" : "neighbour discovery";
  switch (finding.evidence) {
    case HostEvidence::none: return "could not be asked";
    case HostEvidence::own_address: return "an address of this host";
    case HostEvidence::answered_earlier: return "answered in the earlier scan";
    case HostEvidence::neighbour: return std::string("answers ") + resolution;
    case HostEvidence::echo_reply: return "echo-reply";
    case HostEvidence::syn_ack: return "syn-ack";
    case HostEvidence::rst: return "rst";
    case HostEvidence::icmp_error:
    case HostEvidence::unreachable: return explain_icmp(finding.icmp, finding.icmp_sender);
    case HostEvidence::no_neighbour: return std::string("nobody answers ") + resolution + " for it";
    case HostEvidence::silence: return explain_silence(finding);
    case HostEvidence::icmp_from_other:
      return "no answer from it, but " + explain_icmp(finding.icmp, finding.icmp_sender);
  }
  return {};
}

HostFinding HostFindings::operator[](std::uint64_t host) const {
  const Record& record = records_[host];
  HostFinding finding;
  finding.evidence = record.evidence;
  finding.echo_requests = record.tries & 0x0fU;
  finding.tcp_tries = static_cast<std::uint8_t>(record.tries >> 4);
  finding.tcp_probes = tcp_probes_;
  if (const auto found = icmp_.find(host); found != icmp_.end()) {
    finding.icmp = found->second.header;
    finding.icmp_sender = found->second.sender;
  }
  return finding;
}

std::uint64_t HostFindings::count(HostState state) const noexcept {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(records_, [state](const Record& record) { return state_of(record.evidence) == state; }));
}

void HostFindings::set(std::uint64_t host, HostEvidence evidence) noexcept {
  const HostState known = state(host);
  if (known == HostState::alive || known == HostState::down) return;
  // That somebody said something is more than silence.
  if (known == HostState::silent && evidence == HostEvidence::silence) return;
  records_[host].evidence = evidence;
}

void HostFindings::set_icmp(std::uint64_t host, const packet::IcmpHeader& icmp, const IpAddress& sender) {
  if (icmp_.size() < kMostErrors) icmp_.insert_or_assign(host, Icmp{icmp, sender});
}

void HostFindings::add_silence(std::uint64_t host, unsigned echo_requests, unsigned tcp_tries) noexcept {
  Record& record = records_[host];
  const unsigned echoes = std::max(record.tries & 0x0fU, std::min(echo_requests, kMostCounted));
  const unsigned tries = std::max<unsigned>(record.tries >> 4, std::min(tcp_tries, kMostCounted));
  record.tries = static_cast<std::uint8_t>(tries << 4 | echoes);
  set(host, HostEvidence::silence);
}

void HostFindings::forget_silence() noexcept {
  for (Record& record : records_) {
    if (state_of(record.evidence) == HostState::silent) record = {};
  }
}

LeftOut HostFindings::left_out() const {
  LeftOut left_out{HostSet(size()), count(HostState::down)};
  for (std::uint64_t host = 0; host < size(); ++host) {
    const HostState found = state(host);
    if (found == HostState::silent || found == HostState::down) left_out.hosts.insert(host);
  }
  return left_out;
}

}  // namespace tcp::scan
