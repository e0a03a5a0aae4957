// SPDX-License-Identifier: MIT
#include "libtcp/trace/handshake.hpp"

namespace tcp::trace {
namespace {

constexpr std::uint8_t kIcmpUnreachable = 3;
constexpr std::uint8_t kIcmpFragmentationNeeded = 4;  // code
constexpr std::uint8_t kIcmpParameterProblem = 12;
constexpr std::uint8_t kIcmp6ParameterProblem = 4;

}  // namespace

std::uint32_t Segment::sequence_length() const noexcept {
  return payload_length + (header.has(packet::control::syn) ? 1 : 0) + (header.has(packet::control::fin) ? 1 : 0);
}

std::string_view to_string(Party party) {
  switch (party) {
    case Party::client: return "client";
    case Party::server: return "server";
    case Party::network: return "network";
    case Party::kernel: return "kernel";
  }
  return "unknown";
}

std::string_view to_string(Role role) {
  switch (role) {
    case Role::syn: return "syn";
    case Role::syn_again: return "syn_again";
    case Role::syn_ack: return "syn_ack";
    case Role::syn_ack_again: return "syn_ack_again";
    case Role::probe: return "probe";
    case Role::probe_again: return "probe_again";
    case Role::ack: return "ack";
    case Role::data: return "data";
    case Role::fin: return "fin";
    case Role::fin_again: return "fin_again";
    case Role::reset: return "reset";
    case Role::peer_syn: return "peer_syn";
    case Role::late_syn_ack: return "late_syn_ack";
    case Role::wrong_ack: return "wrong_ack";
    case Role::out_of_window: return "out_of_window";
    case Role::old_duplicate: return "old_duplicate";
    case Role::unexpected: return "unexpected";
    case Role::bad_checksum: return "bad_checksum";
    case Role::icmp_error: return "icmp_error";
    case Role::icmp_notice: return "icmp_notice";
    case Role::connect_start: return "connect_start";
    case Role::connect_end: return "connect_end";
    case Role::end_of_stream: return "end_of_stream";
    case Role::send_failed: return "send_failed";
  }
  return "unknown";
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::established: return "established";
    case Outcome::refused: return "refused";
    case Outcome::filtered: return "filtered";
    case Outcome::unreachable: return "unreachable";
    case Outcome::incomplete: return "incomplete";
    case Outcome::half_open: return "half_open";
    case Outcome::reset: return "reset";
    case Outcome::unanswered: return "unanswered";
    case Outcome::failed: return "failed";
    case Outcome::interrupted: return "interrupted";
  }
  return "unknown";
}

std::string_view to_string(Closing closing) {
  switch (closing) {
    case Closing::none: return "none";
    case Closing::orderly: return "orderly";
    case Closing::reset_by_peer: return "reset_by_peer";
    case Closing::reset_by_us: return "reset_by_us";
    case Closing::left_open: return "left_open";
  }
  return "unknown";
}

std::string_view to_string(Technique technique) { return technique == Technique::raw ? "raw" : "connect"; }

bool ends_handshake(const packet::IcmpHeader& header) noexcept {
  if (header.is_time_exceeded()) return true;
  if (header.family == Family::v6) return header.is_unreachable() || header.type == kIcmp6ParameterProblem;
  if (header.type == kIcmpUnreachable) return header.code != kIcmpFragmentationNeeded;
  return header.type == kIcmpParameterProblem;
}

}  // namespace tcp::trace
