// SPDX-License-Identifier: MIT
#include "libtcp/stream/synthetic_flow.hpp"

#include <algorithm>

#include "libtcp/packet/build.hpp"

namespace tcp::stream {
namespace {

using packet::Bytes;
namespace control = packet::control;

constexpr std::size_t kMostPayload = 65'000;  // an IPv4 packet's total length has 16 bits
constexpr std::size_t kPacketBytes = kMostPayload + 100;
constexpr std::uint16_t kMss = 65'000;
constexpr std::uint8_t kWindowShift = 14;  // the most (RFC 7323 §2.3): the window is never in the way
constexpr std::uint16_t kWindow = 0xffff;

Way opposite(Way way) { return way == Way::sent ? Way::received : Way::sent; }

bool has_endpoints(const AddressPair& addresses) {
  return std::holds_alternative<Endpoint>(addresses.local) && std::holds_alternative<Endpoint>(addresses.remote);
}

packet::TcpOptions syn_options() {
  return {packet::MaximumSegmentSize{kMss}, packet::SackPermitted{}, packet::NoOperation{},
          packet::WindowScale{kWindowShift}};
}

}  // namespace

SyntheticFlow::SyntheticFlow(const TapContext& context, Sink sink)
    : opened_here_(context.opened_here), sink_(std::move(sink)), buffer_(kPacketBytes) {
  if (has_endpoints(context.addresses)) {
    sides_[0].endpoint = std::get<Endpoint>(context.addresses.local);
    sides_[1].endpoint = std::get<Endpoint>(context.addresses.remote);
  } else {
    const IpAddress loopback = IpAddress::loopback(Family::v6);
    sides_[0].endpoint = {loopback, 1};
    sides_[1].endpoint = {loopback, static_cast<std::uint16_t>(context.id)};
  }
}

void SyntheticFlow::segment(Way way, std::uint16_t control_bits, Bytes payload) {
  Side& from = side(way);
  const Side& to = side(opposite(way));
  const bool is_syn = (control_bits & control::syn) != 0;
  packet::TcpHeader header;
  header.sequence = from.next;
  header.acknowledgment = (control_bits & control::ack) != 0 ? to.next : 0;
  header.control_bits = control_bits;
  header.window = kWindow;
  const packet::TcpOptions options = is_syn ? syn_options() : packet::TcpOptions();
  sink_(packet::build_tcp_packet(buffer_, from.endpoint, to.endpoint, {}, header, options, payload));
  const bool takes_one = is_syn || (control_bits & control::fin) != 0;
  from.next += static_cast<std::uint32_t>(payload.size()) + (takes_one ? 1U : 0U);
}

void SyntheticFlow::handshake() {
  const Way first = opened_here_ ? Way::sent : Way::received;
  segment(first, control::syn);
  segment(opposite(first), control::syn | control::ack);
  segment(first, control::ack);
}

void SyntheticFlow::data(Way way, std::span<const std::byte> bytes) {
  Bytes rest(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  while (!rest.empty()) {
    const Bytes some = rest.first(std::min(rest.size(), kMostPayload));
    segment(way, control::psh | control::ack, some);
    segment(opposite(way), control::ack);
    rest = rest.subspan(some.size());
  }
}

void SyntheticFlow::fin(Way way) {
  if (std::exchange(side(way).ended, true)) return;
  segment(way, control::fin | control::ack);
  segment(opposite(way), control::ack);
}

void SyntheticFlow::reset(Way way) {
  if (sides_[0].ended && sides_[1].ended) return;
  segment(way, control::rst | control::ack);
  sides_[0].ended = sides_[1].ended = true;
}

void SyntheticFlow::close() {
  if (side(Way::received).ended) {
    fin(Way::sent);
  } else {
    reset(Way::sent);
  }
}

}  // namespace tcp::stream
