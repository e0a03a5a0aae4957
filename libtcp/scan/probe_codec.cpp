// SPDX-License-Identifier: MIT
#include "libtcp/scan/probe_codec.hpp"

#include <algorithm>

#include "libtcp/packet/build.hpp"
#include "libtcp/packet/icmp.hpp"
#include "libtcp/packet/tcp_header.hpp"
#include "libtcp/packet/tcp_options.hpp"

namespace tcp::scan {
namespace {

constexpr std::uint16_t kWindow = 64240;  // Linux's, with a scale of 7
constexpr std::uint8_t kWindowShift = 7;
constexpr std::uint32_t kSmallestMtu = 576;  // RFC 791 §3.1

std::uint16_t maximum_segment_size(const IpAddress& source, std::uint32_t mtu) noexcept {
  const std::uint32_t headers = source.is_v4() ? 40 : 60;
  return static_cast<std::uint16_t>(std::clamp<std::uint32_t>(mtu, kSmallestMtu, 65535) - headers);
}

}  // namespace

std::uint32_t ProbeCodec::sequence_of(const Endpoint& target, std::uint8_t attempt) const noexcept {
  return static_cast<std::uint32_t>(make_cookie(options_.key, target, attempt));
}

std::optional<std::uint8_t> ProbeCodec::attempt_of(std::uint16_t source_port) const noexcept {
  const int attempt = source_port - options_.first_source_port;
  if (attempt < 0 || attempt >= options_.tries) return std::nullopt;
  return static_cast<std::uint8_t>(attempt);
}

packet::Bytes ProbeCodec::build_probe(ProbeBuffer& buffer, const Endpoint& target, std::uint8_t attempt,
                                      const IpAddress& source, std::uint32_t mtu) const {
  const std::uint64_t cookie = make_cookie(options_.key, target, attempt);
  const Endpoint from{source, static_cast<std::uint16_t>(options_.first_source_port + attempt)};
  packet::TcpHeader header;
  header.sequence = static_cast<std::uint32_t>(cookie);
  header.control_bits = options_.control_bits;
  header.window = kWindow;
  packet::IpFields ip;
  ip.identification = static_cast<std::uint16_t>(cookie >> 48);
  const auto timestamp = static_cast<std::uint32_t>(cookie >> 32);
  return packet::build_tcp_packet(
      buffer, from, target, ip, header,
      packet::linux_syn_options(maximum_segment_size(source, mtu), timestamp, kWindowShift));
}

std::optional<Answer> ProbeCodec::read_answer(packet::Bytes packet, bool checksum_pending) const {
  const packet::DecodedPacket decoded = packet::decode_ip(packet);
  if (decoded.is_fragment) return std::nullopt;
  if (!checksum_pending && packet::verify_transport_checksum(decoded) == packet::ChecksumState::bad)
    return std::nullopt;
  if (decoded.tcp() != nullptr) return read_segment(decoded);
  if (decoded.icmp() != nullptr) return read_icmp(decoded);
  return std::nullopt;
}

// RFC 9293 §3.10.7.3: what answers a SYN acknowledges it, the RST too; a segment that does not is nobody's answer.
std::optional<Answer> ProbeCodec::read_segment(const packet::DecodedPacket& packet) const {
  const packet::TcpHeader& header = packet.tcp()->header;
  const auto attempt = attempt_of(header.destination_port);
  if (packet.error != packet::ParseError::none || !attempt || !header.has(packet::control::ack)) return std::nullopt;
  Answer answer;
  answer.target = packet.source_endpoint();
  answer.attempt = *attempt;
  answer.sender = packet.source;
  answer.time_to_live = packet.time_to_live();
  answer.window = header.window;
  if (header.acknowledgment != sequence_of(answer.target, *attempt) + 1) return std::nullopt;
  if (header.has(packet::control::rst)) {
    answer.kind = AnswerKind::rst;
  } else if (header.is_syn_ack()) {
    answer.kind = AnswerKind::syn_ack;
  } else {
    return std::nullopt;
  }
  return answer;
}

std::optional<Answer> ProbeCodec::read_icmp(const packet::DecodedPacket& packet) const {
  const packet::IcmpView& icmp = *packet.icmp();
  if (!icmp.header.is_error()) return std::nullopt;
  const auto quote = packet::parse_quoted_tcp(icmp.quoted, icmp.header.family);
  if (!quote) return std::nullopt;
  const auto attempt = attempt_of(quote->source.port);
  if (!attempt || quote->sequence != sequence_of(quote->destination, *attempt)) return std::nullopt;
  Answer answer;
  answer.kind = AnswerKind::icmp;
  answer.target = quote->destination;
  answer.attempt = *attempt;
  answer.sender = packet.source;
  answer.time_to_live = packet.time_to_live();
  answer.icmp = icmp.header;
  return answer;
}

// RFC 9293 §3.10.7.4: a reset in SYN-RECEIVED is acceptable when its sequence number is the one expected next, which is
// what the SYN-ACK acknowledges.
packet::Bytes ProbeCodec::build_reset(ProbeBuffer& buffer, packet::Bytes syn_ack) const {
  const packet::DecodedPacket decoded = packet::decode_ip(syn_ack);
  const packet::TcpSegmentView* segment = decoded.tcp();
  if (segment == nullptr || !segment->header.is_syn_ack()) return {};
  packet::TcpHeader header;
  header.sequence = segment->header.acknowledgment;
  header.control_bits = packet::control::rst;
  packet::IpFields ip;
  ip.identification = static_cast<std::uint16_t>(header.sequence);
  return packet::build_tcp_packet(buffer, decoded.destination_endpoint(), decoded.source_endpoint(), ip, header, {});
}

}  // namespace tcp::scan
