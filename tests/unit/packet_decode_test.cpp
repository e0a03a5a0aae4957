// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/frames.hpp"

using namespace tcp;
using namespace tcp::packet;
using namespace tcp::test;

namespace {

// Bytes of a frame without which its headers are incomplete.
std::size_t header_bytes(const Frame& frame, const DecodedPacket& packet) {
  const std::uint8_t* end = packet.transport_bytes.data();
  if (packet.tcp() != nullptr) end += 4 * std::size_t{packet.tcp()->header.data_offset};
  if (packet.icmp() != nullptr) end += 8;
  return static_cast<std::size_t>(end - frame.bytes.data());
}

// Ends where its network packet does, so without Ethernet's padding.
std::size_t packet_bytes(const Frame& frame, const DecodedPacket& packet) {
  return static_cast<std::size_t>(packet.network_bytes.data() - frame.bytes.data()) + packet.network_bytes.size();
}

Octets truncated(const Octets& bytes, std::size_t size) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

DecodedPacket decoded_sample(const std::vector<Frame>& frames, const char* name) {
  const auto frame = std::ranges::find(frames, name, &Frame::name);
  REQUIRE(frame != frames.end());
  return decode(frame->bytes, frame->link);
}

}  // namespace

TEST_CASE("every sample is decoded and its checksum is good") {
  for (const Frame& frame : sample_frames()) {
    CAPTURE(frame.name);
    const DecodedPacket packet = decode(frame.bytes, frame.link);
    CHECK(packet.error == ParseError::none);
    CHECK(packet.transport_bytes.size() == packet.transport_length);
    CHECK(verify_transport_checksum(packet) == (packet.is_fragment ? ChecksumState::unknown : ChecksumState::good));
  }
}

TEST_CASE("every truncation of every sample") {
  for (const Frame& frame : sample_frames()) {
    const DecodedPacket whole = decode(frame.bytes, frame.link);
    const std::size_t headers = header_bytes(frame, whole);
    const std::size_t end = packet_bytes(frame, whole);
    for (std::size_t size = 0; size < frame.bytes.size(); ++size) {
      CAPTURE(frame.name);
      CAPTURE(size);
      const Octets cut = truncated(frame.bytes, size);  // its own allocation, so that an overrun is seen
      const DecodedPacket packet = decode(cut, frame.link);
      REQUIRE(packet.error == (size < headers ? ParseError::truncated : ParseError::none));
      if (size < headers) continue;
      REQUIRE(packet.transport_length == whole.transport_length);
      REQUIRE(packet.tcp_payload_length() == whole.tcp_payload_length());
      if (size < end) REQUIRE(verify_transport_checksum(packet) == ChecksumState::unknown);
    }
  }
}

TEST_CASE("every bit of a segment counts in its checksum") {
  for (const Family family : {Family::v4, Family::v6}) {
    const Octets packet = tcp_packet(family, 40000, control::psh | control::ack, {}, Octets{'a', 'b', 'c'});
    const std::size_t first = packet.size() - 23;
    for (std::size_t bit = 8 * first; bit < 8 * packet.size(); ++bit) {
      CAPTURE(bit);
      Octets flipped = packet;
      flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ 1 << bit % 8);
      CHECK(verify_transport_checksum(decode_ip(flipped)) != ChecksumState::good);
    }
  }
}

TEST_CASE("Ethernet's padding is not payload") {
  const std::vector<Frame> frames = sample_frames();
  const DecodedPacket packet = decoded_sample(frames, "ethernet-padded");
  CHECK(packet.network_bytes.size() == 40);
  CHECK(packet.tcp_payload_length() == 0);
  CHECK(packet.tcp()->payload.empty());
}

TEST_CASE("only a first fragment has a transport") {
  const std::vector<Frame> frames = sample_frames();
  for (const char* first : {"ipv4-fragment-first", "ipv6-fragment-first"}) {
    const DecodedPacket packet = decoded_sample(frames, first);
    CHECK(packet.is_fragment);
    REQUIRE(packet.tcp() != nullptr);
    CHECK(packet.tcp_payload_length() == 4);
  }
  for (const char* last : {"ipv4-fragment-last", "ipv6-fragment-last"}) {
    const DecodedPacket packet = decoded_sample(frames, last);
    CHECK(packet.is_fragment);
    CHECK(packet.tcp() == nullptr);
    CHECK(packet.protocol == ip_protocol::tcp);
    CHECK(packet.source_endpoint().port == 0);
  }
  CHECK_FALSE(decoded_sample(frames, "ipv6-atomic-fragment").is_fragment);
}

TEST_CASE("a fragment too small for the TCP header is cut, not lying") {
  const Octets segment = segment_of(tcp_packet(Family::v4, 1, control::syn, {}));
  Ipv4Header header;
  header.protocol = ip_protocol::tcp;
  header.more_fragments = true;
  const DecodedPacket packet = decode_ip(ipv4_packet(header, Bytes(segment).first(8)));
  CHECK(packet.error == ParseError::truncated);
  CHECK(packet.tcp() == nullptr);
}

TEST_CASE("addresses are the transport's") {
  const std::vector<Frame> frames = sample_frames();
  for (const char* name : {"ipv6-source-route", "ipv6-home-address"}) {
    const DecodedPacket packet = decoded_sample(frames, name);
    CHECK(packet.source_endpoint() == Endpoint{address("2001:db8::1"), 43001});
    CHECK(packet.destination_endpoint() == Endpoint{address("2001:db8::2"), 443});
  }
}

TEST_CASE("lengths that contradict the packet") {
  Octets packet = tcp_packet(Family::v4, 1, control::syn, {});
  packet[3] = 39;  // one byte too few for the TCP header
  CHECK(decode_ip(packet).error == ParseError::bad_length);
  Octets packet6 = tcp_packet(Family::v6, 1, control::syn, {});
  packet6[5] = 19;
  CHECK(decode_ip(packet6).error == ParseError::bad_length);
  packet6[5] = 4;
  packet6[6] = ip_protocol::hop_by_hop;
  CHECK(decode_ip(packet6).error == ParseError::bad_length);
}

TEST_CASE("another protocol is announced, not looked into") {
  Octets packet = tcp_packet(Family::v4, 1, control::syn, {});
  packet[9] = ip_protocol::udp;
  const DecodedPacket udp = decode_ip(packet);
  CHECK(udp.error == ParseError::unsupported);
  CHECK(udp.protocol == ip_protocol::udp);
  CHECK(udp.transport_length == 20);
  CHECK(verify_transport_checksum(udp) == ChecksumState::unknown);
  packet[9] = ip_protocol::icmpv6;  // has no place in IPv4
  CHECK(decode_ip(packet).error == ParseError::unsupported);
}

TEST_CASE("an ICMP error leads to the segment it is about") {
  const std::vector<Frame> frames = sample_frames();
  const DecodedPacket packet = decoded_sample(frames, "icmpv6-time-exceeded-mpls");
  REQUIRE(packet.icmp() != nullptr);
  CHECK(packet.icmp()->header.is_time_exceeded());
  CHECK(packet.icmp()->extensions.size() == 8);
  const auto segment = parse_quoted_tcp(packet.icmp()->quoted, Family::v6);
  REQUIRE(segment.has_value());
  CHECK(segment->source.port == 44000);
}
