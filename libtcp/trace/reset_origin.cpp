// SPDX-License-Identifier: MIT
#include "libtcp/trace/reset_origin.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tcp::trace {
namespace {

const Segment* first_of(const Handshake& handshake, std::initializer_list<Role> roles, const Segment* besides) {
  const auto event = std::ranges::find_if(handshake.events, [&](const HandshakeEvent& e) {
    return e.from == Party::server && e.segment() != nullptr && e.segment() != besides &&
           std::ranges::find(roles, e.role) != roles.end();
  });
  return event == handshake.events.end() ? nullptr : event->segment();
}

// What else speaks of another sender, beside the TTL. A window of zero and a missing option are usual in an RST.
std::string hints(const Segment& reset, const Segment& other, Family family) {
  std::string text;
  if (family == Family::v4 && reset.dont_fragment != other.dont_fragment) text += "; DF differs too";
  const bool counted = other.identification != 0;
  if (family == Family::v4 && counted != (reset.identification != 0)) text += "; only one of them has an IP id";
  return text;
}

}  // namespace

std::optional<ResetJudgment> judge_reset(const Handshake& handshake) {
  const Segment* reset = first_of(handshake, {Role::reset}, nullptr);
  if (reset == nullptr) return std::nullopt;
  if (first_of(handshake, {Role::late_syn_ack}, nullptr) != nullptr) {
    return ResetJudgment{ResetOrigin::elsewhere, "the host's SYN-ACK came after the refusal"};
  }
  const Segment* other =
      first_of(handshake, {Role::syn_ack, Role::peer_syn, Role::ack, Role::data, Role::fin}, nullptr);
  const bool second_reset = other == nullptr;
  if (second_reset) other = first_of(handshake, {Role::reset}, reset);
  const bool same = other != nullptr && reset->time_to_live == other->time_to_live;
  if (other == nullptr || (second_reset && same))
    return ResetJudgment{std::nullopt, "an RST alone does not say whose it is"};
  if (same) return ResetJudgment{ResetOrigin::host, "same TTL as its other segments"};
  return ResetJudgment{
      ResetOrigin::elsewhere,
      fmt::format("TTL {}, {} {}{}", reset->time_to_live,
                  second_reset ? "of a second RST" : "of the host's other segments", other->time_to_live,
                  hints(*reset, *other, handshake.tuple.remote.address.family()))};
}

}  // namespace tcp::trace
