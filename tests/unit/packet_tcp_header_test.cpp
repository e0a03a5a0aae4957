// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "tests/support/frames.hpp"

using namespace tcp;
using namespace tcp::packet;
using namespace tcp::test;

namespace {

// 40000 > 443: SEW 1:1(0) win 64240 urg 7 <mss 1460>
const Octets kSegment{0x9c, 0x40, 0x01, 0xbb, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00,
                      0x60, 0xc2, 0xfa, 0xf0, 0xab, 0xcd, 0x00, 0x07, 0x02, 0x04, 0x05, 0xb4};

}  // namespace

TEST_CASE("a header, byte by byte") {
  ParseError error{};
  const TcpSegmentView segment = parse_tcp_segment(kSegment, error);
  CHECK(error == ParseError::none);
  CHECK(segment.header.source_port == 40000);
  CHECK(segment.header.destination_port == 443);
  CHECK(segment.header.sequence == 1);
  CHECK(segment.header.data_offset == 6);
  CHECK(segment.header.control_bits == (control::syn | control::ece | control::cwr));
  CHECK(segment.header.is_syn_only());
  CHECK(segment.header.window == 64240);
  CHECK(segment.header.checksum == 0xabcd);
  CHECK(segment.header.urgent_pointer == 7);
  CHECK(segment.options.size() == 4);
  CHECK(segment.payload.empty());
}

TEST_CASE("headers survive the round trip, reserved bits and the ninth control bit too") {
  TcpHeader header{.source_port = 1,
                   .destination_port = 65535,
                   .sequence = 0xfffffffe,
                   .acknowledgment = 0x80000001,
                   .data_offset = 10,
                   .reserved = 5,
                   .control_bits = 0x1ff,
                   .window = 513,
                   .checksum = 0x1234,
                   .urgent_pointer = 9};
  const TcpOptions options = linux_syn_options(1460, 1, 7);
  const Octets payload{1, 2, 3};
  const Octets bytes = written([&](Writer& writer) { serialize(writer, header, options, payload); });
  CHECK(bytes.size() == 43);
  ParseError error{};
  const TcpSegmentView segment = parse_tcp_segment(bytes, error);
  CHECK(error == ParseError::none);
  CHECK(segment.header == header);
  CHECK(parse_tcp_options(segment.options, error) == options);
  CHECK(Octets(segment.payload.begin(), segment.payload.end()) == payload);
}

TEST_CASE("offsets that lie") {
  Octets bytes = kSegment;
  ParseError error{};
  bytes[12] = 0x40;
  CHECK(parse_tcp_segment(bytes, error).header.source_port == 40000);
  CHECK(error == ParseError::bad_length);
  bytes[12] = 0x70;
  CHECK(parse_tcp_segment(bytes, error).options.size() == 4);
  CHECK(error == ParseError::truncated);
}

TEST_CASE("which lie an offset is, the IP length tells") {
  Octets packet = tcp_packet(Family::v4, 1, control::syn, {});
  packet[20 + 12] = 0xf0;
  CHECK(decode_ip(packet).error == ParseError::bad_length);
  CHECK(decode_ip(packet).tcp() == nullptr);
  packet[3] = 80;  // now 60 bytes of TCP were sent and 20 captured
  CHECK(decode_ip(packet).error == ParseError::truncated);
  CHECK(decode_ip(packet).source_endpoint().port == 1);
  CHECK(decode_ip(packet).tcp_payload_length() == 0);
}

TEST_CASE("what does not fit is refused") {
  std::array<std::uint8_t, 23> small{};
  Writer writer(small);
  CHECK_FALSE(serialize(writer, TcpHeader(), {MaximumSegmentSize{1460}}));
  const TcpOptions too_long{Md5Signature(), Md5Signature(), Timestamps()};  // 18 + 18 + 10
  CHECK(written([&](Writer& roomy) { serialize(roomy, TcpHeader(), too_long); }).empty());
}

TEST_CASE("control bits as letters and back") {
  CHECK(to_string_control_bits(0) == "-");
  CHECK(to_string_control_bits(control::syn | control::ack) == "S.");
  CHECK(to_string_control_bits(control::syn | control::ece | control::cwr | control::ae) == "SEWA");
  CHECK(to_string_control_bits(0x1ff) == "FSRP.UEWA");
  for (std::uint16_t bits = 0; bits < 0x200; ++bits) REQUIRE(parse_control_bits(to_string_control_bits(bits)) == bits);
  CHECK(parse_control_bits(".S") == (control::syn | control::ack));
  for (const char* bad : {"", "X", "SS", "s", "S-", "--", "S "}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_control_bits(bad));
  }
}
