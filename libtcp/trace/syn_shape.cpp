// SPDX-License-Identifier: MIT
#include "libtcp/trace/syn_shape.hpp"

#include <algorithm>

namespace tcp::trace {
namespace {

namespace control = packet::control;

constexpr std::uint32_t kLargestSynWindow = 65535;
constexpr unsigned kMultipathRepetitions = 2;     // net.mptcp.syn_retrans_before_tcp_fallback
constexpr std::uint8_t kMultipathVersion = 1;     // beside subtype 0, MP_CAPABLE
constexpr std::uint8_t kMultipathHmacSha256 = 1;  // flag H
constexpr std::uint8_t kMultipathLength = 2;      // of its data: no key in a SYN
constexpr std::uint16_t kOpeningBits = control::syn | control::ack | control::rst;

std::uint16_t ecn_bits(Ecn ecn) noexcept {
  switch (ecn) {
    case Ecn::none: break;
    case Ecn::classic: return control::ece | control::cwr;
    case Ecn::accurate: return control::ae | control::cwr | control::ece;
  }
  return 0;
}

packet::Mptcp multipath_capable() noexcept {
  packet::Mptcp option;
  option.data_length = kMultipathLength;
  option.data[0] = kMultipathVersion;
  option.data[1] = kMultipathHmacSha256;
  return option;
}

// Each group fills whole words of 32 bits.
packet::TcpOptions make_options(const SynShape& shape, const SynFields& fields) {
  packet::TcpOptions options;
  const auto add = [&options](const packet::TcpOption& option) { (void)options.push_back(option); };
  const auto pad = [&add](unsigned count) {
    for (unsigned i = 0; i < count; ++i) add(packet::NoOperation{});
  };
  add(packet::MaximumSegmentSize{shape.mss.value_or(fields.route_mss)});
  if (shape.selective_ack != shape.timestamps) pad(2);  // both together need no padding
  if (shape.selective_ack) add(packet::SackPermitted{});
  if (shape.timestamps) add(packet::Timestamps{fields.timestamp, 0});
  if (shape.window_scaling) {
    pad(1);
    add(packet::WindowScale{shape.shift()});
  }
  if (shape.fast_open) {
    add(packet::FastOpen{});
    pad(2);
  }
  if (shape.multipath) add(multipath_capable());
  return options;
}

}  // namespace

bool SynShape::opens() const noexcept { return (control_bits & kOpeningBits) == control::syn; }

std::uint16_t linux_syn_window(std::uint16_t mss) noexcept {
  const std::uint32_t whole = std::max<std::uint32_t>(mss, 1);
  return static_cast<std::uint16_t>(kLargestSynWindow / whole * whole);
}

Segment make_syn(const SynShape& shape, const SynFields& fields) {
  Segment segment;
  segment.header.source_port = fields.tuple.local.port;
  segment.header.destination_port = fields.tuple.remote.port;
  segment.header.control_bits = static_cast<std::uint16_t>(shape.control_bits | ecn_bits(shape.ecn));
  segment.header.sequence = fields.sequence;
  if (segment.header.has(control::ack)) segment.header.acknowledgment = fields.acknowledgment;
  segment.header.window = shape.window.value_or(linux_syn_window(shape.mss.value_or(fields.route_mss)));
  if (shape.opens()) segment.options = make_options(shape, fields);
  segment.time_to_live = shape.time_to_live;
  segment.dscp = shape.dscp;
  if (fields.tuple.remote.address.is_v6()) {
    segment.flow_label = fields.flow_label;
  } else {
    segment.identification = fields.identification;
  }
  return segment;
}

SynShape for_repetition(const SynShape& shape, unsigned number) noexcept {
  SynShape repeated = shape;
  if (number == 0) return repeated;
  repeated.ecn = Ecn::none;
  repeated.fast_open = false;
  if (number > kMultipathRepetitions) repeated.multipath = false;
  return repeated;
}

}  // namespace tcp::trace
