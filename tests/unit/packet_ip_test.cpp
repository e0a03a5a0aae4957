// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "tests/support/frames.hpp"

using namespace tcp;
using namespace tcp::packet;
using namespace tcp::test;

namespace {

Ipv4Header full_ipv4_header() {
  Ipv4Header header;
  header.dscp = 46;
  header.ecn = 1;
  header.total_length = 60;
  header.identification = 0xbeef;
  header.dont_fragment = true;
  header.time_to_live = 57;
  header.protocol = ip_protocol::tcp;
  header.source = address("192.0.2.1");
  header.destination = address("198.51.100.2");
  header.options_length = 8;
  header.options = {148, 4, 0, 0, 1, 1, 1, 0};
  return header;
}

Octets serialized(const Ipv4Header& header) {
  return written([&](Writer& writer) { serialize(writer, header); });
}

ParseError error_of_ipv4(const Octets& bytes) {
  Reader reader(bytes);
  ParseError error{};
  (void)parse_ipv4_header(reader, error);
  return error;
}

ExtensionWalk walk(std::uint8_t first, const Octets& bytes, ParseError& error, std::size_t* left = nullptr) {
  Ipv6Header header;
  header.next_header = first;
  header.source = address("2001:db8::1");
  header.destination = address("2001:db8::2");
  Reader reader(bytes);
  const ExtensionWalk result = walk_extension_headers(reader, header, error);
  if (left != nullptr) *left = reader.left();
  return result;
}

}  // namespace

TEST_CASE("an IPv4 header, byte by byte") {
  const Octets bytes = serialized(full_ipv4_header());
  CHECK(Octets(bytes.begin(), bytes.begin() + 10) == Octets{0x47, 0xb9, 0, 60, 0xbe, 0xef, 0x40, 0, 57, 6});
  CHECK(Octets(bytes.begin() + 12, bytes.end()) == Octets{192, 0, 2, 1, 198, 51, 100, 2, 148, 4, 0, 0, 1, 1, 1, 0});
  CHECK(ipv4_header_checksum(bytes) == 0);
}

TEST_CASE("IPv4 headers survive the round trip") {
  Ipv4Header fragment = full_ipv4_header();
  fragment.dont_fragment = false;
  fragment.more_fragments = true;
  fragment.fragment_offset = 0x1fff;
  fragment.options_length = 0;
  fragment.options = {};
  for (Ipv4Header header : {full_ipv4_header(), fragment}) {
    const Octets bytes = serialized(header);
    Reader reader(bytes);
    ParseError error{};
    const Ipv4Header parsed = parse_ipv4_header(reader, error);
    header.checksum = parsed.checksum;
    CHECK(parsed == header);
    CHECK(error == ParseError::none);
    CHECK(reader.left() == 0);
  }
  CHECK(fragment.is_fragment());
}

TEST_CASE("IPv4 headers that lie") {
  Octets bytes = serialized(full_ipv4_header());
  CHECK(error_of_ipv4(bytes) == ParseError::none);
  bytes[0] = 0x44;
  CHECK(error_of_ipv4(bytes) == ParseError::bad_length);
  bytes[0] = 0x65;
  CHECK(error_of_ipv4(bytes) == ParseError::bad_version);
  bytes[0] = 0x4f;
  CHECK(error_of_ipv4(bytes) == ParseError::truncated);
  bytes = serialized(full_ipv4_header());
  bytes[3] = 27;  // a header of 28 in a packet of 27
  CHECK(error_of_ipv4(bytes) == ParseError::bad_length);
}

TEST_CASE("IPv4 options that cannot be") {
  Ipv4Header header = full_ipv4_header();
  header.options_length = 3;
  CHECK(serialized(header).empty());
  header.options_length = 44;
  CHECK(serialized(header).empty());
}

TEST_CASE("a segmentation offload leaves no total length") {
  Octets packet = tcp_packet(Family::v4, 1, control::ack, {}, Octets(100, 'x'));
  packet[2] = packet[3] = 0;
  const DecodedPacket decoded = decode_ip(packet);
  CHECK(decoded.error == ParseError::none);
  CHECK(decoded.tcp_payload_length() == 100);
}

TEST_CASE("an IPv6 header, byte by byte and back") {
  Ipv6Header header;
  header.dscp = 46;
  header.ecn = 2;
  header.flow_label = 0xabcde;
  header.payload_length = 20;
  header.next_header = ip_protocol::tcp;
  header.hop_limit = 63;
  header.source = address("2001:db8::1");
  header.destination = address("2001:db8::2");
  const Octets bytes = written([&](Writer& writer) { serialize(writer, header); });
  CHECK(Octets(bytes.begin(), bytes.begin() + 8) == Octets{0x6b, 0xaa, 0xbc, 0xde, 0, 20, 6, 63});
  Reader reader(bytes);
  ParseError error{};
  CHECK(parse_ipv6_header(reader, error) == header);
  CHECK(error == ParseError::none);
}

TEST_CASE("a chain of extension headers leads to the upper layer") {
  const Octets chain{ip_protocol::destination_options,
                     0,
                     1,
                     4,
                     0,
                     0,
                     0,
                     0,  // hop-by-hop
                     ip_protocol::authentication,
                     1,
                     1,
                     12,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     ip_protocol::tcp,
                     2,
                     0,
                     0,
                     0,
                     0,
                     0,
                     1,
                     0,
                     0,
                     0,
                     1,
                     0xaa,
                     0xbb,
                     0xcc,
                     0xdd};  // AH: (2 + 2) * 4
  ParseError error{};
  std::size_t left = 99;
  const ExtensionWalk result = walk(ip_protocol::hop_by_hop, chain, error, &left);
  CHECK(error == ParseError::none);
  CHECK(result.protocol == ip_protocol::tcp);
  CHECK(left == 0);
  CHECK(result.final_destination == address("2001:db8::2"));
  CHECK_FALSE(result.is_fragment);
}

TEST_CASE("a chain ends where the bytes do") {
  ParseError error{};
  CHECK(walk(ip_protocol::tcp, {}, error).protocol == ip_protocol::tcp);
  CHECK(error == ParseError::none);
  (void)walk(ip_protocol::hop_by_hop, {6, 1, 0, 0, 0, 0, 0, 0}, error);
  CHECK(error == ParseError::truncated);
  (void)walk(ip_protocol::hop_by_hop, {6}, error);
  CHECK(error == ParseError::truncated);
}

TEST_CASE("eight extension headers are followed, nine are too deep") {
  Octets chain;
  for (int i = 0; i < 9; ++i) chain.insert(chain.end(), {ip_protocol::destination_options, 0, 1, 4, 0, 0, 0, 0});
  ParseError error{};
  (void)walk(ip_protocol::destination_options, chain, error);
  CHECK(error == ParseError::too_deep);
  chain.resize(64);
  chain[56] = ip_protocol::tcp;
  CHECK(walk(ip_protocol::destination_options, chain, error).protocol == ip_protocol::tcp);
  CHECK(error == ParseError::none);
}

TEST_CASE("fragments, and the atomic one that is none") {
  ParseError error{};
  const ExtensionWalk atomic = walk(ip_protocol::fragment, {6, 0, 0, 0, 0, 0, 0, 1}, error);
  CHECK_FALSE(atomic.is_fragment);
  CHECK(atomic.protocol == ip_protocol::tcp);
  const ExtensionWalk first = walk(ip_protocol::fragment, {6, 0, 0, 1, 0, 0, 0, 1}, error);
  CHECK(first.is_fragment);
  CHECK(first.more_fragments);
  // Behind a later fragment's header is no header, although it says destination options.
  const ExtensionWalk later = walk(ip_protocol::fragment, {60, 0, 0x05, 0xa8, 0, 0, 0, 1, 255, 255}, error);
  CHECK(later.fragment_offset == 181);
  CHECK(later.protocol == ip_protocol::destination_options);
  CHECK(error == ParseError::none);
}

TEST_CASE("where a routing header leads in the end") {
  const auto hop = [](std::uint8_t last) {
    Octets bytes(16);
    bytes[0] = 0x20;
    bytes[15] = last;
    return bytes;
  };
  const auto routed = [&](std::uint8_t type, std::uint8_t segments_left) {
    const Octets header{ip_protocol::tcp, 4, type, segments_left, 1, 0, 0, 0};
    ParseError error{};
    return walk(ip_protocol::routing, joined(joined(header, hop(5)), hop(6)), error).final_destination;
  };
  CHECK(routed(0, 1) == address("2000::6"));
  CHECK(routed(0, 0) == address("2001:db8::2"));
  CHECK(routed(2, 1) == address("2000::5"));
  CHECK(routed(4, 1) == address("2000::5"));  // segment routing lists the last hop first
  CHECK(routed(3, 1) == address("2001:db8::2"));
}
