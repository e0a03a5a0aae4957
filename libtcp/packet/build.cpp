// SPDX-License-Identifier: MIT
#include "libtcp/packet/build.hpp"

#include <limits>

#include "libtcp/packet/ipv4.hpp"
#include "libtcp/packet/ipv6.hpp"

namespace tcp::packet {
namespace {

constexpr std::size_t kTcpChecksumOffset = 16;

void write_ip(Writer& writer, const IpAddress& source, const IpAddress& destination, const IpFields& ip,
              std::uint16_t segment_length) {
  if (source.is_v6()) {
    serialize(writer, Ipv6Header{.dscp = ip.dscp,
                                 .ecn = ip.ecn,
                                 .flow_label = ip.flow_label,
                                 .payload_length = segment_length,
                                 .next_header = ip_protocol::tcp,
                                 .hop_limit = ip.time_to_live,
                                 .source = source,
                                 .destination = destination});
    return;
  }
  Ipv4Header header;
  header.dscp = ip.dscp;
  header.ecn = ip.ecn;
  header.total_length = static_cast<std::uint16_t>(kIpv4HeaderLength + segment_length);
  header.identification = ip.identification;
  header.dont_fragment = ip.dont_fragment;
  header.time_to_live = ip.time_to_live;
  header.protocol = ip_protocol::tcp;
  header.source = source;
  header.destination = destination;
  serialize(writer, header);
}

}  // namespace

Bytes build_tcp_packet(std::span<std::uint8_t> buffer, const Endpoint& source, const Endpoint& destination,
                       const IpFields& ip, TcpHeader header, const TcpOptions& options, Bytes payload) {
  if (source.address.family() != destination.address.family()) return {};
  const std::size_t ip_length = source.address.is_v4() ? kIpv4HeaderLength : kIpv6HeaderLength;
  if (buffer.size() < ip_length) return {};
  header.source_port = source.port;
  header.destination_port = destination.port;
  header.checksum = 0;

  // The segment first: the IP header needs its length, the checksum both.
  Writer segment(buffer.subspan(ip_length));
  if (!serialize(segment, header, options, payload)) return {};
  const std::size_t counted = segment.size() + (source.address.is_v4() ? kIpv4HeaderLength : 0);
  if (counted > std::numeric_limits<std::uint16_t>::max()) return {};
  segment.patch_u16(kTcpChecksumOffset, tcp_checksum(source.address, destination.address, segment.written()));
  Writer writer(buffer.first(ip_length));
  write_ip(writer, source.address, destination.address, ip, static_cast<std::uint16_t>(segment.size()));
  return buffer.first(ip_length + segment.size());
}

}  // namespace tcp::packet
