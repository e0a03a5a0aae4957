// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "tests/support/frames.hpp"

using namespace tcp;
using namespace tcp::packet;
using namespace tcp::test;

namespace {

const Octets kSyn = tcp_packet(Family::v4, 40000, control::syn, linux_syn_options(1460, 1, 7));
const Octets kSyn6 = tcp_packet(Family::v6, 40000, control::syn, linux_syn_options(1440, 1, 7));

IcmpHeader icmp(Family family, std::uint8_t type, std::uint8_t code, std::uint32_t rest = 0) {
  return {.family = family, .type = type, .code = code, .checksum = 0, .rest = rest};
}

Octets message(const IcmpHeader& header, Bytes body) {
  return written([&](Writer& writer) { serialize(writer, header, body); });
}

bool same(Bytes a, Bytes b) { return std::ranges::equal(a, b); }

Bytes first_of(const Octets& bytes, std::size_t count) { return Bytes(bytes).first(count); }

}  // namespace

TEST_CASE("messages survive the round trip") {
  IcmpHeader header = icmp(Family::v4, 3, 4, 1400);
  header.checksum = 0xbeef;
  const Octets bytes = message(header, kSyn);
  CHECK(Octets(bytes.begin(), bytes.begin() + 8) == Octets{3, 4, 0xbe, 0xef, 0, 0, 0x05, 0x78});
  ParseError error{};
  const IcmpView view = parse_icmp(bytes, Family::v4, error);
  CHECK(error == ParseError::none);
  CHECK(view.header == header);
  CHECK(same(view.body, kSyn));
  CHECK(same(view.quoted, kSyn));
  CHECK(view.extensions.empty());
}

TEST_CASE("only fewer than eight bytes are no message") {
  ParseError error{};
  const Octets bytes = message(icmp(Family::v4, 3, 3), {});
  for (std::size_t size = 0; size < 8; ++size) {
    (void)parse_icmp(first_of(bytes, size), Family::v4, error);
    CHECK(error == ParseError::truncated);
  }
  CHECK(parse_icmp(bytes, Family::v4, error).quoted.empty());
  CHECK(error == ParseError::none);
}

TEST_CASE("an answer quotes nothing") {
  ParseError error{};
  const Octets bytes = message(icmp(Family::v4, 0, 0), kSyn);
  CHECK(parse_icmp(bytes, Family::v4, error).quoted.empty());
  CHECK_FALSE(icmp(Family::v4, 8, 0).is_error());
  CHECK_FALSE(icmp(Family::v6, 128, 0).is_error());
  CHECK_FALSE(icmp(Family::v6, 137, 0).is_error());
}

TEST_CASE("kinds of errors") {
  for (const int type : {3, 4, 5, 11, 12}) CHECK(icmp(Family::v4, static_cast<std::uint8_t>(type), 0).is_error());
  for (const int type : {1, 2, 3, 4}) CHECK(icmp(Family::v6, static_cast<std::uint8_t>(type), 0).is_error());
  CHECK(icmp(Family::v4, 3, 0).is_unreachable());
  CHECK(icmp(Family::v6, 1, 0).is_unreachable());
  CHECK_FALSE(icmp(Family::v6, 3, 0).is_unreachable());
  CHECK(icmp(Family::v4, 11, 0).is_time_exceeded());
  CHECK(icmp(Family::v6, 3, 0).is_time_exceeded());
}

TEST_CASE("the MTU of the next hop") {
  CHECK(icmp(Family::v4, 3, 4, 1400).next_hop_mtu() == 1400);
  CHECK(icmp(Family::v4, 3, 4, 0xffff0578).next_hop_mtu() == 1400);
  CHECK_FALSE(icmp(Family::v4, 3, 4, 0).next_hop_mtu());  // a router older than RFC 1191
  CHECK_FALSE(icmp(Family::v4, 3, 3, 1400).next_hop_mtu());
  CHECK(icmp(Family::v6, 2, 0, 1280).next_hop_mtu() == 1280);
  CHECK_FALSE(icmp(Family::v6, 1, 0, 1280).next_hop_mtu());
}

TEST_CASE("extensions stand behind a quote of the announced length") {
  for (const Family family : {Family::v4, Family::v6}) {
    const bool v4 = family == Family::v4;
    const IcmpHeader header = v4 ? icmp(family, 11, 0, 32U << 16) : icmp(family, 3, 0, 16U << 24);
    Octets bytes = message(header, quote_with_mpls(v4 ? kSyn : kSyn6));
    ParseError error{};
    IcmpView view = parse_icmp(bytes, family, error);
    CHECK(view.quoted.size() == 128);
    CHECK(same(view.extensions, Octets{0, 8, 1, 1, 0x05, 0xdc, 0x11, 0xff}));
    bytes.back() ^= 1;  // now the checksum is wrong: the quote still ends where it said
    view = parse_icmp(bytes, family, error);
    CHECK(view.quoted.size() == 128);
    CHECK(view.extensions.empty());
  }
}

TEST_CASE("extensions of routers that give no length stand behind 128 bytes") {
  Octets bytes = message(icmp(Family::v4, 11, 0), quote_with_mpls(kSyn));
  ParseError error{};
  CHECK(parse_icmp(bytes, Family::v4, error).extensions.size() == 8);
  bytes[8 + 128 + 2] ^= 0xff;
  CHECK(parse_icmp(bytes, Family::v4, error).extensions.empty());
  CHECK(parse_icmp(bytes, Family::v4, error).quoted.size() == 140);
}

TEST_CASE("a length that cannot be is not believed") {
  ParseError error{};
  const Octets beyond = message(icmp(Family::v4, 3, 3, 255U << 16), kSyn);
  CHECK(parse_icmp(beyond, Family::v4, error).quoted.size() == kSyn.size());
  const Octets unclean = message(icmp(Family::v4, 3, 3, 3U << 16), kSyn);
  CHECK(parse_icmp(unclean, Family::v4, error).quoted.size() == kSyn.size());
  const Octets redirect = message(icmp(Family::v4, 5, 1, 0xc0000201), kSyn);  // the gateway 192.0.2.1
  CHECK(parse_icmp(redirect, Family::v4, error).quoted.size() == kSyn.size());
}

TEST_CASE("a quote of eight bytes has ports and the sequence number") {
  const auto segment = parse_quoted_tcp(first_of(kSyn, 28), Family::v4);
  REQUIRE(segment.has_value());
  CHECK(segment->source == Endpoint{address("192.0.2.1"), 40000});
  CHECK(segment->destination == Endpoint{address("198.51.100.2"), 443});
  CHECK(segment->sequence == 1000);
  CHECK(segment->time_to_live == 64);
  CHECK(segment->segment.size() == 8);
  for (std::size_t size = 0; size < 28; ++size) CHECK_FALSE(parse_quoted_tcp(first_of(kSyn, size), Family::v4));
}

TEST_CASE("a whole quote has the segment, without the padding behind it") {
  Octets quoted = kSyn;
  quoted.resize(128);
  CHECK(parse_quoted_tcp(quoted, Family::v4)->segment.size() == 40);
  CHECK(parse_quoted_tcp(kSyn6, Family::v6)->segment.size() == 40);
  CHECK(parse_quoted_tcp(kSyn6, Family::v6)->destination == Endpoint{address("2001:db8::2"), 443});
  for (std::size_t size = 0; size < 48; ++size) CHECK_FALSE(parse_quoted_tcp(first_of(kSyn6, size), Family::v6));
}

TEST_CASE("a router that wrote the quoted length wrong takes nothing away") {
  Octets quoted = kSyn;
  quoted[3] = 20;
  CHECK(parse_quoted_tcp(quoted, Family::v4)->segment.size() == 8);
  CHECK(parse_quoted_tcp(quoted, Family::v4)->sequence == 1000);
}

TEST_CASE("quotes that are no TCP") {
  Octets udp = kSyn;
  udp[9] = ip_protocol::udp;
  CHECK_FALSE(parse_quoted_tcp(udp, Family::v4));
  Octets later_fragment = kSyn;
  later_fragment[7] = 1;
  CHECK_FALSE(parse_quoted_tcp(later_fragment, Family::v4));
  CHECK_FALSE(parse_quoted_tcp(kSyn, Family::v6));
  CHECK_FALSE(parse_quoted_tcp(kSyn6, Family::v4));
}

TEST_CASE("the marks a path leaves on a quote") {
  Octets quoted = kSyn;
  quoted[1] = 46 << 2 | 3;
  quoted[4] = 0x12;
  quoted[5] = 0x34;
  quoted[8] = 1;
  const auto segment = parse_quoted_tcp(quoted, Family::v4);
  CHECK(segment->dscp == 46);
  CHECK(segment->ecn == 3);
  CHECK(segment->identification == 0x1234);
  CHECK(segment->time_to_live == 1);
}

TEST_CASE("names") {
  CHECK(to_string(icmp(Family::v4, 3, 3)) == "port unreachable");
  CHECK(to_string(icmp(Family::v4, 3, 13)) == "administratively prohibited");
  CHECK(to_string(icmp(Family::v4, 11, 0)) == "time exceeded in transit");
  CHECK(to_string(icmp(Family::v4, 3, 77)) == "type 3 code 77");
  CHECK(to_string(icmp(Family::v6, 2, 0)) == "packet too big");
  CHECK(to_string(icmp(Family::v6, 1, 4)) == "port unreachable");
  CHECK(to_string(icmp(Family::v6, 1, 1)) == "administratively prohibited");
  CHECK(to_string(icmp(Family::v6, 200, 9)) == "type 200 code 9");
}
