// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "libtcp/packet/build.hpp"
#include "libtcp/packet/decode.hpp"
#include "libtcp/packet/icmp.hpp"
#include "libtcp/scan/probe_codec.hpp"

using namespace tcp;
using namespace tcp::scan;

namespace {

constexpr std::uint16_t kFirstPort = 40000;
constexpr std::uint8_t kTries = 4;

struct Pair {
  IpAddress source;
  Endpoint target;
};

Pair pair_of(Family family) {
  if (family == Family::v4) return {*parse_ip_address("10.0.0.9"), {*parse_ip_address("10.0.0.1"), 443}};
  return {*parse_ip_address("2001:db8::9"), {*parse_ip_address("2001:db8::1"), 443}};
}

ProbeCodec codec(std::uint16_t control_bits = packet::control::syn) {
  return ProbeCodec({{11, 22}, control_bits, kFirstPort, kTries});
}

std::vector<std::uint8_t> bytes_of(const IpAddress& source, const Endpoint& target, const SegmentNumbers& numbers,
                                   const ProbeShape& shape) {
  const FrameTemplate form({}, source, 1500, shape);
  std::array<std::uint8_t, FrameTemplate::kBytes> buffer;
  form.write(buffer.data(), {}, target, numbers);
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(form.size())};
}

std::vector<std::uint8_t> probe_bytes(const Pair& pair, std::uint8_t attempt,
                                      std::uint16_t control_bits = packet::control::syn) {
  ProbeShape shape;
  shape.control_bits = control_bits;
  return bytes_of(pair.source, pair.target, codec(control_bits).probe_numbers(pair.target, attempt), shape);
}

std::uint32_t sequence_of(const Pair& pair, std::uint8_t attempt) {
  return codec().probe_numbers(pair.target, attempt).sequence;
}

std::vector<std::uint8_t> segment(const Endpoint& from, const Endpoint& to, std::uint16_t bits,
                                  std::uint32_t acknowledgment, std::uint32_t sequence = 77) {
  packet::TcpHeader header;
  header.sequence = sequence;
  header.window = 4096;
  header.acknowledgment = acknowledgment;
  header.control_bits = bits;
  std::array<std::uint8_t, 128> buffer;
  const auto bytes = packet::build_tcp_packet(buffer, from, to, {}, header, {});
  return {bytes.begin(), bytes.end()};
}

// An ICMP error from `sender` that quotes `quote`.
std::vector<std::uint8_t> icmp_error(const IpAddress& sender, const IpAddress& receiver, packet::IcmpHeader header,
                                     packet::Bytes quote) {
  std::array<std::uint8_t, 256> message;
  packet::Writer body(message);
  packet::serialize(body, header, quote);
  const bool v4 = sender.is_v4();
  const std::uint16_t checksum =
      v4 ? packet::icmp_checksum(body.written()) : packet::icmpv6_checksum(sender, receiver, body.written());
  body.patch_u16(2, checksum);
  std::array<std::uint8_t, 512> buffer;
  packet::Writer writer(buffer);
  if (v4) {
    packet::Ipv4Header ip;
    ip.protocol = packet::ip_protocol::icmp;
    ip.total_length = static_cast<std::uint16_t>(20 + body.size());
    ip.source = sender;
    ip.destination = receiver;
    packet::serialize(writer, ip);
  } else {
    packet::Ipv6Header ip;
    ip.next_header = packet::ip_protocol::icmpv6;
    ip.payload_length = static_cast<std::uint16_t>(body.size());
    ip.source = sender;
    ip.destination = receiver;
    packet::serialize(writer, ip);
  }
  writer.bytes(body.written());
  return {writer.written().begin(), writer.written().end()};
}

}  // namespace

TEST_CASE("a probe is a SYN like Linux's, each try from its own port with its own sequence number") {
  for (const Family family : {Family::v4, Family::v6}) {
    const Pair pair = pair_of(family);
    const auto first = probe_bytes(pair, 0);
    const auto packet = packet::decode_ip(first);
    REQUIRE(packet.tcp() != nullptr);
    CHECK(packet::verify_transport_checksum(packet) == packet::ChecksumState::good);
    CHECK(packet.tcp()->header.is_syn_only());
    CHECK(packet.tcp()->header.source_port == kFirstPort);
    CHECK(packet.destination_endpoint() == pair.target);
    CHECK(packet.time_to_live() == 64);
    packet::ParseError error{};
    const auto options = packet::parse_tcp_options(packet.tcp()->options, error);
    CHECK(options.find<packet::MaximumSegmentSize>()->bytes == (family == Family::v4 ? 1460 : 1440));
    const auto second = probe_bytes(pair, 1);
    CHECK(packet::decode_ip(second).tcp()->header.source_port == kFirstPort + 1);
    CHECK(sequence_of(pair, 0) != sequence_of(pair, 1));
  }
}

TEST_CASE("an answer that acknowledges the cookie is one; the RST for a SYN-ACK is acceptable to it") {
  for (const Family family : {Family::v4, Family::v6}) {
    const Pair pair = pair_of(family);
    const Endpoint us{pair.source, kFirstPort + 2};
    const auto syn_ack =
        segment(pair.target, us, packet::control::syn | packet::control::ack, sequence_of(pair, 2) + 1);
    const auto answer = codec().read_answer(syn_ack, false);
    REQUIRE(answer);
    CHECK(answer->kind == AnswerKind::syn_ack);
    CHECK(answer->target == pair.target);
    CHECK(answer->attempt == 2);

    ProbeShape shape;
    shape.control_bits = packet::control::rst;
    const auto reset_bytes = bytes_of(pair.source, pair.target, codec().reset_numbers(*answer), shape);
    const auto reset = packet::decode_ip(reset_bytes);
    CHECK(packet::verify_transport_checksum(reset) == packet::ChecksumState::good);
    REQUIRE(reset.tcp() != nullptr);
    CHECK(reset.tcp()->header.control_bits == packet::control::rst);
    CHECK(reset.tcp()->header.sequence == sequence_of(pair, 2) + 1);
    CHECK(reset.source_endpoint() == us);
    CHECK(reset.destination_endpoint() == pair.target);

    const auto rst = segment(pair.target, us, packet::control::rst | packet::control::ack, sequence_of(pair, 2) + 1);
    CHECK(codec().read_answer(rst, false)->kind == AnswerKind::rst);
  }
}

TEST_CASE("whatever the probe, its RST proves itself as RFC 9293 has it, and only so") {
  namespace control = packet::control;
  constexpr std::uint16_t kXmas = control::fin | control::psh | control::urg;
  const std::uint16_t probes[] = {0,
                                  control::fin,
                                  kXmas,
                                  control::urg,
                                  control::ack,
                                  control::fin | control::ack,
                                  control::syn | control::ack,
                                  control::syn | control::ece | control::cwr};
  for (const Family family : {Family::v4, Family::v6}) {
    const Pair pair = pair_of(family);
    const Endpoint us{pair.source, kFirstPort + 1};
    for (const std::uint16_t bits : probes) {
      const auto bytes = probe_bytes(pair, 1, bits);
      const auto probe = packet::decode_ip(bytes);
      REQUIRE(probe.tcp() != nullptr);
      CHECK(packet::verify_transport_checksum(probe) == packet::ChecksumState::good);
      CHECK(probe.tcp()->header.control_bits == bits);
      const std::uint32_t sequence = probe.tcp()->header.sequence;
      const std::uint32_t acknowledgment = probe.tcp()->header.acknowledgment;
      const bool has_ack = (bits & control::ack) != 0;
      const std::uint32_t length = ((bits & control::syn) != 0 ? 1 : 0) + ((bits & control::fin) != 0 ? 1 : 0);
      CHECK((acknowledgment != 0) == has_ack);
      const auto read = [&](std::uint16_t answer_bits, std::uint32_t ack, std::uint32_t seq) {
        return codec(bits).read_answer(segment(pair.target, us, answer_bits, ack, seq), false);
      };
      const std::uint16_t rst_ack = control::rst | control::ack;
      const auto right = has_ack ? read(control::rst, 0, acknowledgment) : read(rst_ack, sequence + length, 0);
      REQUIRE(right);
      CHECK(right->kind == AnswerKind::rst);
      CHECK(right->window == 4096);
      CHECK(right->attempt == 1);
      CHECK_FALSE(read(control::rst, 0, acknowledgment + 1));
      CHECK_FALSE(read(control::rst, sequence + length, 0));
      CHECK_FALSE(read(rst_ack, sequence + length + 1, 0));
      CHECK_FALSE(read(control::ack, sequence + length, acknowledgment));
      const bool may_open = (bits & (control::syn | control::ack)) == control::syn;
      CHECK(read(control::syn | control::ack, sequence + 1, acknowledgment).has_value() == may_open);
    }
  }
}

TEST_CASE("forged segments are nobody's answer") {
  const Pair pair = pair_of(Family::v4);
  const std::uint16_t syn_ack = packet::control::syn | packet::control::ack;
  const Endpoint us{pair.source, kFirstPort};
  const std::uint32_t right = sequence_of(pair, 0) + 1;
  const auto ignored = [](const std::vector<std::uint8_t>& bytes) { return !codec().read_answer(bytes, false); };
  CHECK(ignored(segment(pair.target, us, syn_ack, right - 1)));
  CHECK(ignored(segment(pair.target, us, syn_ack, right + 1)));
  CHECK(ignored(segment(pair.target, us, syn_ack, 0)));
  CHECK(ignored(segment({pair.target.address, 444}, us, syn_ack, right)));
  CHECK(ignored(segment({*parse_ip_address("10.0.0.2"), 443}, us, syn_ack, right)));
  CHECK(ignored(segment(pair.target, {pair.source, kFirstPort + 1}, syn_ack, right)));
  CHECK(ignored(segment(pair.target, {pair.source, kFirstPort + kTries}, syn_ack, right)));
  CHECK(ignored(segment(pair.target, {pair.source, kFirstPort - 1}, syn_ack, right)));
  CHECK(ignored(segment(pair.target, us, packet::control::rst, right)));  // proves nothing without ACK
  CHECK(ignored(segment(pair.target, us, packet::control::ack, right)));
  CHECK(ignored(segment(pair.target, us, packet::control::syn, right)));
  auto damaged = segment(pair.target, us, syn_ack, right);
  REQUIRE_FALSE(ignored(damaged));
  damaged[35] ^= 0x01;  // the window: only the checksum tells
  CHECK(ignored(damaged));
  CHECK(codec().read_answer(damaged, true));
}

TEST_CASE("an ICMP error counts when it quotes a probe, and only then") {
  for (const Family family : {Family::v4, Family::v6}) {
    const Pair pair = pair_of(family);
    const IpAddress router = *parse_ip_address(family == Family::v4 ? "10.0.0.254" : "2001:db8::fe");
    const packet::IcmpHeader prohibited =
        family == Family::v4 ? packet::IcmpHeader{family, 3, 13, 0, 0} : packet::IcmpHeader{family, 1, 1, 0, 0};
    auto quote = probe_bytes(pair, 1);
    const std::size_t ip_header = family == Family::v4 ? 20 : 40;

    const auto answer = codec().read_answer(icmp_error(router, pair.source, prohibited, quote), false);
    REQUIRE(answer);
    CHECK(answer->kind == AnswerKind::icmp);
    CHECK(answer->target == pair.target);
    CHECK(answer->attempt == 1);
    CHECK(answer->sender == router);
    CHECK(answer->icmp.type == prohibited.type);
    CHECK(answer->icmp.code == prohibited.code);

    // RFC 792's eight bytes are enough.
    const packet::Bytes eight(quote.data(), ip_header + 8);
    CHECK(codec().read_answer(icmp_error(router, pair.source, prohibited, eight), false));

    const auto changed = [&](std::size_t offset) {
      auto other = quote;
      other[offset] ^= 0x01;
      return !codec().read_answer(icmp_error(router, pair.source, prohibited, other), false);
    };
    CHECK(changed(ip_header + 7));  // sequence number
    CHECK(changed(ip_header + 3));  // destination port
    CHECK(changed(ip_header + 1));  // source port
    CHECK(changed(ip_header - 1));  // destination address
  }
}
