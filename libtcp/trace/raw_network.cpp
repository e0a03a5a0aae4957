// SPDX-License-Identifier: MIT
#include "libtcp/trace/raw_network.hpp"

#include "libtcp/packet/build.hpp"
#include "libtcp/packet/decode.hpp"
#include "libtcp/trace/active.hpp"
#include "libtcp/trace/wire_words.hpp"

namespace tcp::trace {
namespace {

constexpr std::size_t kLargestSent = 128 + kMostPayloadBytes;  // IPv6 header, TCP header, 40 bytes of options, payload
constexpr unsigned kMostStrangers = 256;

void take_ip_fields(Segment& segment, const packet::DecodedPacket& packet) {
  segment.time_to_live = packet.time_to_live();
  if (const auto* v4 = std::get_if<packet::Ipv4Header>(&packet.network)) {
    segment.dscp = v4->dscp;
    segment.ecn = v4->ecn;
    segment.identification = v4->identification;
    segment.dont_fragment = v4->dont_fragment;
  } else if (const auto* v6 = std::get_if<packet::Ipv6Header>(&packet.network)) {
    segment.dscp = v6->dscp;
    segment.ecn = v6->ecn;
    segment.flow_label = v6->flow_label;
  }
}

// TSval of a quoted segment, when its options were quoted too.
std::optional<std::uint32_t> quoted_timestamp(packet::Bytes segment) {
  packet::ParseError error = packet::ParseError::none;
  const packet::TcpSegmentView view = packet::parse_tcp_segment(segment, error);
  if (error != packet::ParseError::none) return std::nullopt;
  const packet::TcpOptions options = packet::parse_tcp_options(view.options, error);
  const auto* timestamps = options.find<packet::Timestamps>();
  if (timestamps == nullptr) return std::nullopt;
  return timestamps->value;
}

std::optional<IcmpAnswer> to_icmp_answer(const packet::DecodedPacket& packet, const packet::IcmpView& view,
                                         const FourTuple& tuple) {
  if (!view.header.is_error()) return std::nullopt;
  const auto quoted = packet::parse_quoted_tcp(view.quoted, view.header.family);
  if (!quoted) return std::nullopt;
  if (!same_endpoint(quoted->source, tuple.local) || !same_endpoint(quoted->destination, tuple.remote)) {
    return std::nullopt;
  }
  return IcmpAnswer{view.header,      packet.source,          packet.time_to_live(),
                    quoted->sequence, quoted->identification, quoted_timestamp(quoted->segment)};
}

Result<net::RawIpSocket> open_raw(Family family) {
  net::RawIpSocketOptions options;
  options.family = family;
  return net::RawIpSocket::open(options);
}

bool is_bad(const net::ReceivedPacket& packet, const packet::DecodedPacket& decoded) {
  return !packet.checksum_pending && packet::verify_transport_checksum(decoded) == packet::ChecksumState::bad;
}

std::optional<Observation> match(const net::ReceivedPacket& packet, const packet::DecodedPacket& decoded,
                                 const FourTuple& tuple) {
  Observation seen;
  seen.time = packet.time;
  if (const auto* icmp = decoded.icmp()) {
    const auto answer = to_icmp_answer(decoded, *icmp, tuple);
    if (!answer || packet.outgoing) return std::nullopt;
    seen.checksum_bad = is_bad(packet, decoded);
    seen.what = *answer;
    return seen;
  }
  const auto* tcp = decoded.tcp();
  if (tcp == nullptr || decoded.error != packet::ParseError::none) return std::nullopt;
  const Endpoint source = decoded.source_endpoint();
  const Endpoint destination = decoded.destination_endpoint();
  seen.sent_by_us = same_endpoint(source, tuple.local) && same_endpoint(destination, tuple.remote);
  const bool theirs = same_endpoint(source, tuple.remote) && same_endpoint(destination, tuple.local);
  if (!seen.sent_by_us && !theirs) return std::nullopt;
  if (seen.sent_by_us != packet.outgoing) return std::nullopt;
  seen.checksum_bad = is_bad(packet, decoded);
  seen.what = to_segment(decoded, *tcp);
  return seen;
}

}  // namespace

Segment to_segment(const packet::DecodedPacket& packet, const packet::TcpSegmentView& view) {
  Segment segment;
  segment.header = view.header;
  packet::ParseError error = packet::ParseError::none;
  segment.options = packet::parse_tcp_options(view.options, error);
  segment.options_malformed = error != packet::ParseError::none;
  segment.payload_length = packet.tcp_payload_length();
  take_ip_fields(segment, packet);
  return segment;
}

std::optional<Observation> observe(const net::ReceivedPacket& packet, const FourTuple& tuple) {
  return match(packet, packet::decode_ip(packet.bytes), tuple);
}

Result<RawNetwork> RawNetwork::open(const RawNetworkOptions& options) {
  net::PacketSocketOptions packet_options;
  packet_options.filter = net::tcp_ports_and_icmp_filter(options.first_port, options.last_port);
  TCP_TRY_ASSIGN(packets, net::PacketSocket::open(packet_options));
  RawNetwork network(std::move(packets));
  if (options.v4) {
    TCP_TRY_ASSIGN(v4, open_raw(Family::v4));
    network.v4_ = std::move(v4);
  }
  if (options.v6) {
    TCP_TRY_ASSIGN(v6, open_raw(Family::v6));
    network.v6_ = std::move(v6);
  }
  return network;
}

Result<void> RawNetwork::send(const FourTuple& tuple, const Segment& segment) {
  auto& socket = tuple.remote.address.is_v4() ? v4_ : v6_;
  if (!socket) return make_error(Errc::unsupported, "send to " + to_string(tuple.remote), "family was not opened");
  const packet::IpFields ip = ip_fields_of(segment);
  std::array<std::uint8_t, kLargestSent> buffer;
  const auto bytes =
      packet::build_tcp_packet(buffer, tuple.local, tuple.remote, ip, segment.header, segment.options, segment.payload);
  return socket->send(tuple.remote.address, bytes);
}

Result<std::optional<Observation>> RawNetwork::receive(const FourTuple& tuple, MonotonicTime deadline) {
  TCP_TRY_ASSIGN(delivery, receive_any({&tuple, 1}, deadline));
  if (!delivery) return std::nullopt;
  return std::move(delivery->seen);
}

Result<std::optional<SharedNetwork::Delivery>> RawNetwork::receive_any(std::span<const FourTuple> connections,
                                                                       MonotonicTime deadline) {
  // The bound gives the caller its timers back when others' packets never end.
  for (unsigned strangers = 0; strangers < kMostStrangers; ++strangers) {
    TCP_TRY_ASSIGN(packet, packets_.receive(deadline));
    if (!packet) break;
    const packet::DecodedPacket decoded = packet::decode_ip(packet->bytes);
    for (std::size_t i = 0; i < connections.size(); ++i) {
      if (auto seen = match(*packet, decoded, connections[i])) return Delivery{i, std::move(*seen)};
    }
  }
  return std::nullopt;
}

}  // namespace tcp::trace
