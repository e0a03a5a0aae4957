// SPDX-License-Identifier: MIT
// One valid frame of every kind that libtcp/packet reads, by name: what the truncation test cuts, what the fuzz corpora
// start from and what tshark is asked to judge (write_frames.cpp).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "libtcp/packet/build.hpp"
#include "libtcp/packet/checksum.hpp"
#include "libtcp/packet/decode.hpp"
#include "libtcp/packet/linux_cooked.hpp"

namespace tcp::test {

using packet::Bytes;
using packet::LinkType;
using Octets = std::vector<std::uint8_t>;

struct Frame {
  std::string name;
  LinkType link = LinkType::ethernet;
  Octets bytes;
};

inline IpAddress address(const char* text) { return parse_ip_address(text).value(); }

// 192.0.2.1 or 2001:db8::1 talks to 198.51.100.2 or 2001:db8::2.
inline std::pair<IpAddress, IpAddress> hosts(Family family) {
  if (family == Family::v4) return {address("192.0.2.1"), address("198.51.100.2")};
  return {address("2001:db8::1"), address("2001:db8::2")};
}

template <class Write>
Octets written(Write write) {
  Octets buffer(2048);
  packet::Writer writer(buffer);
  write(writer);
  buffer.resize(writer.ok() ? writer.size() : 0);
  return buffer;
}

inline Octets joined(Bytes first, Bytes second) {
  Octets all(first.begin(), first.end());
  all.insert(all.end(), second.begin(), second.end());
  return all;
}

inline Octets tcp_packet(Family family, std::uint16_t source_port, std::uint16_t control_bits,
                         const packet::TcpOptions& options, Bytes payload = {}) {
  Octets buffer(2048);
  const auto [source, destination] = hosts(family);
  packet::TcpHeader header;
  header.sequence = 1000;
  header.acknowledgment = (control_bits & packet::control::ack) != 0 ? 2000 : 0;
  header.control_bits = control_bits;
  header.window = 64240;
  const Bytes built =
      packet::build_tcp_packet(buffer, {source, source_port}, {destination, 443}, {}, header, options, payload);
  return {built.begin(), built.end()};
}

inline Octets in_ethernet(Bytes network_packet, const std::vector<packet::VlanTag>& vlans = {}) {
  packet::EthernetHeader header;
  header.destination.bytes = {0x02, 0, 0x5e, 0x10, 0, 2};
  header.source.bytes = {0x02, 0, 0x5e, 0x10, 0, 1};
  for (const packet::VlanTag& tag : vlans) header.vlans.at(header.vlan_count++) = tag;
  header.ether_type = network_packet[0] >> 4 == 4 ? packet::ethertype::ipv4 : packet::ethertype::ipv6;
  return joined(written([&](packet::Writer& writer) { serialize(writer, header); }), network_packet);
}

inline Octets in_linux_cooked(Bytes network_packet, LinkType version) {
  packet::LinuxCookedHeader header;
  header.packet_type = 4;
  header.address_length = 6;
  header.address = {0x02, 0, 0x5e, 0x10, 0, 1};
  header.protocol = network_packet[0] >> 4 == 4 ? packet::ethertype::ipv4 : packet::ethertype::ipv6;
  header.interface_index = version == LinkType::linux_sll2 ? 3 : 0;
  const auto write = version == LinkType::linux_sll ? packet::serialize_v1 : packet::serialize_v2;
  return joined(written([&](packet::Writer& writer) { write(writer, header); }), network_packet);
}

inline Octets in_loopback(Bytes network_packet, std::array<std::uint8_t, 4> family) {
  return joined(family, network_packet);
}

inline Octets ipv4_packet(packet::Ipv4Header header, Bytes payload) {
  std::tie(header.source, header.destination) = hosts(Family::v4);
  header.total_length = static_cast<std::uint16_t>(header.header_length() + payload.size());
  return joined(written([&](packet::Writer& writer) { serialize(writer, header); }), payload);
}

// `payload` begins with whatever `next_header` names.
inline Octets ipv6_packet(std::uint8_t next_header, Bytes payload) {
  packet::Ipv6Header header;
  std::tie(header.source, header.destination) = hosts(Family::v6);
  header.next_header = next_header;
  header.payload_length = static_cast<std::uint16_t>(payload.size());
  return joined(written([&](packet::Writer& writer) { serialize(writer, header); }), payload);
}

// The segment alone, with the checksum it has between hosts(family).
inline Octets segment_of(Bytes network_packet) {
  const Bytes segment = packet::decode_ip(network_packet).transport_bytes;
  return {segment.begin(), segment.end()};
}

// An ICMP message of `family` from the addressed host back to the first one, checksum filled in.
inline Octets icmp_packet(packet::IcmpHeader header, Bytes body) {
  const auto [destination, source] = hosts(header.family);
  const bool v4 = header.family == Family::v4;
  Octets message = written([&](packet::Writer& writer) {
    serialize(writer, header, body);
    const Bytes sum_over = writer.written();
    writer.patch_u16(2, v4 ? packet::icmp_checksum(sum_over) : packet::icmpv6_checksum(source, destination, sum_over));
  });
  return written([&](packet::Writer& writer) {
    if (v4) {
      packet::Ipv4Header ip;
      ip.total_length = static_cast<std::uint16_t>(packet::kIpv4HeaderLength + message.size());
      ip.protocol = packet::ip_protocol::icmp;
      ip.source = source;
      ip.destination = destination;
      serialize(writer, ip);
    } else {
      packet::Ipv6Header ip;
      ip.payload_length = static_cast<std::uint16_t>(message.size());
      ip.next_header = packet::ip_protocol::icmpv6;
      ip.source = source;
      ip.destination = destination;
      serialize(writer, ip);
    }
    writer.bytes(message);
  });
}

// RFC 4884 §7: version 2, checksum, and one object: an MPLS label stack (RFC 4950) of one entry.
inline Octets mpls_extension() {
  Octets bytes{0x20, 0, 0, 0, 0, 8, 1, 1, 0x05, 0xdc, 0x11, 0xff};  // label 24001, traffic class 0, bottom, TTL 255
  const std::uint16_t checksum = packet::internet_checksum(bytes);
  bytes[2] = static_cast<std::uint8_t>(checksum >> 8);
  bytes[3] = static_cast<std::uint8_t>(checksum);
  return bytes;
}

// The quote padded to 128 bytes, then the extension.
inline Octets quote_with_mpls(Bytes quote) {
  Octets padded(quote.begin(), quote.end());
  padded.resize(128);
  return joined(padded, mpls_extension());
}

std::vector<Frame> sample_frames();

}  // namespace tcp::test
