// SPDX-License-Identifier: MIT
#include "libtcp/trace/path_raw_network.hpp"

#include <vector>

#include "libtcp/packet/build.hpp"
#include "libtcp/packet/decode.hpp"
#include "libtcp/trace/raw_network.hpp"
#include "libtcp/trace/wire_words.hpp"

namespace tcp::trace {
namespace {

constexpr std::size_t kLargestHeaders = 128;  // IPv6 header, TCP header, 40 bytes of options
constexpr unsigned kMostStrangers = 256;

bool is_local(const Endpoint& endpoint, const PathRawNetworkOptions& options) {
  return options.first_port <= endpoint.port && endpoint.port <= options.last_port;
}

std::optional<PathObservation> observe_icmp(const packet::DecodedPacket& decoded, const packet::IcmpView& icmp,
                                            WallTime time) {
  if (!icmp.header.is_error()) return std::nullopt;
  auto quote = read_quote(icmp);
  if (!quote) return std::nullopt;
  return PathObservation{time, QuotingError{icmp.header, decoded.source, decoded.time_to_live(), std::move(*quote)}};
}

}  // namespace

std::optional<PathObservation> observe_path(const net::ReceivedPacket& packet, const PathRawNetworkOptions& options) {
  const packet::DecodedPacket decoded = packet::decode_ip(packet.bytes);
  const bool bad = !packet.checksum_pending &&
                   packet::verify_transport_checksum(decoded) == packet::ChecksumState::bad && !packet.outgoing;
  if (bad) return std::nullopt;
  if (const auto* icmp = decoded.icmp()) {
    return packet.outgoing ? std::nullopt : observe_icmp(decoded, *icmp, packet.time);
  }
  const auto* tcp = decoded.tcp();
  if (tcp == nullptr || decoded.error != packet::ParseError::none) return std::nullopt;
  const Endpoint source = decoded.source_endpoint();
  const Endpoint destination = decoded.destination_endpoint();
  if (packet.outgoing && is_local(source, options) && same_endpoint(destination, options.remote)) {
    return PathObservation{packet.time, PathObservation::Ours{{source, destination}, to_segment(decoded, *tcp)}};
  }
  if (!packet.outgoing && is_local(destination, options) && same_endpoint(source, options.remote)) {
    return PathObservation{packet.time,
                           PathObservation::Theirs{{destination, options.remote}, to_segment(decoded, *tcp)}};
  }
  return std::nullopt;
}

Result<PathRawNetwork> PathRawNetwork::open(const PathRawNetworkOptions& options) {
  net::PacketSocketOptions packet_options;
  packet_options.filter = net::tcp_ports_and_icmp_filter(options.first_port, options.last_port);
  TCP_TRY_ASSIGN(packets, net::PacketSocket::open(packet_options));
  net::RawIpSocketOptions raw_options;
  raw_options.family = options.remote.address.family();
  raw_options.ignore_path_mtu = true;
  TCP_TRY_ASSIGN(raw, net::RawIpSocket::open(raw_options));
  return PathRawNetwork(options, std::move(packets), std::move(raw));
}

Result<void> PathRawNetwork::send(const FourTuple& tuple, const Segment& segment, std::size_t payload_bytes) {
  const packet::IpFields ip = ip_fields_of(segment);
  std::vector<std::uint8_t> buffer(kLargestHeaders + payload_bytes);
  const std::vector<std::uint8_t> payload(payload_bytes);
  const auto bytes =
      packet::build_tcp_packet(buffer, tuple.local, tuple.remote, ip, segment.header, segment.options, payload);
  return raw_.send(tuple.remote.address, bytes);
}

Result<std::optional<PathObservation>> PathRawNetwork::receive(MonotonicTime deadline) {
  // The bound gives the caller its timers back when others' packets never end.
  for (unsigned strangers = 0; strangers < kMostStrangers; ++strangers) {
    TCP_TRY_ASSIGN(packet, packets_.receive(deadline));
    if (!packet) break;
    if (auto seen = observe_path(*packet, options_)) return seen;
  }
  return std::nullopt;
}

}  // namespace tcp::trace
