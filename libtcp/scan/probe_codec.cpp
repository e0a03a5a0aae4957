// SPDX-License-Identifier: MIT
#include "libtcp/scan/probe_codec.hpp"

#include "libtcp/packet/icmp.hpp"
#include "libtcp/packet/tcp_header.hpp"

namespace tcp::scan {

namespace control = packet::control;

SegmentNumbers ProbeCodec::probe_numbers(const Endpoint& target, std::uint8_t attempt) const noexcept {
  const std::uint64_t cookie = make_cookie(options_.key, target, attempt);
  const auto upper = static_cast<std::uint32_t>(cookie >> 32);
  SegmentNumbers numbers;
  numbers.source_port = static_cast<std::uint16_t>(options_.first_source_port + attempt);
  numbers.sequence = static_cast<std::uint32_t>(cookie);
  if ((options_.control_bits_to(target.port) & control::ack) != 0) numbers.acknowledgment = upper;
  numbers.identification = static_cast<std::uint16_t>(cookie >> 48);
  numbers.timestamp = upper;
  return numbers;
}

// RFC 9293 §3.10.7.4: a reset in SYN-RECEIVED is acceptable when its sequence number is the one expected next, which is
// what the SYN-ACK acknowledges.
SegmentNumbers ProbeCodec::reset_numbers(const Answer& syn_ack) const noexcept {
  const SegmentNumbers probe = probe_numbers(syn_ack.target, syn_ack.attempt);
  SegmentNumbers numbers;
  numbers.source_port = probe.source_port;
  numbers.sequence = probe.sequence + 1;
  numbers.identification = static_cast<std::uint16_t>(numbers.sequence);
  return numbers;
}

std::optional<std::uint8_t> ProbeCodec::attempt_of(std::uint16_t source_port) const noexcept {
  const int attempt = source_port - options_.first_source_port;
  if (attempt < 0 || attempt >= options_.tries) return std::nullopt;
  return static_cast<std::uint8_t>(attempt);
}

std::optional<Answer> ProbeCodec::read_answer(packet::Bytes packet, bool checksum_pending) const {
  if (const auto segment = read_plain_segment(packet, checksum_pending)) return judge(*segment);
  const packet::DecodedPacket decoded = packet::decode_ip(packet);
  if (decoded.is_fragment) return std::nullopt;
  if (!checksum_pending && packet::verify_transport_checksum(decoded) == packet::ChecksumState::bad)
    return std::nullopt;
  if (const auto segment = to_segment(decoded)) return judge(*segment);
  if (decoded.icmp() != nullptr) return read_icmp(decoded);
  return std::nullopt;
}

// RFC 9293 §3.10.7.1: what has an ACK is reset with <SEQ=SEG.ACK>, anything else with <ACK=SEG.SEQ+SEG.LEN>, where SYN
// and FIN count as one each; not all stacks count a FIN. §3.10.7.3: what answers a SYN acknowledges it.
bool ProbeCodec::proves_itself(const ReceivedSegment& segment, std::uint8_t attempt) const noexcept {
  const SegmentNumbers probe = probe_numbers(segment.source, attempt);
  const std::uint16_t sent = options_.control_bits_to(segment.source.port);
  if ((sent & control::ack) != 0) return segment.sequence == probe.acknowledgment;
  const unsigned syn = (sent & control::syn) != 0 ? 1 : 0;
  const unsigned fin = (sent & control::fin) != 0 ? 1 : 0;
  const std::uint32_t acknowledged = segment.acknowledgment - probe.sequence;
  return segment.has(control::ack) && acknowledged >= syn && acknowledged <= syn + fin;
}

std::optional<Answer> ProbeCodec::judge(const ReceivedSegment& segment) const {
  const bool reset = segment.has(control::rst);
  const std::uint16_t sent = options_.control_bits_to(segment.source.port);
  const bool may_open = (sent & (control::syn | control::ack)) == control::syn;
  if (!reset && !(may_open && segment.has(control::syn | control::ack))) return std::nullopt;
  const auto attempt = attempt_of(segment.destination_port);
  if (!attempt || !proves_itself(segment, *attempt)) return std::nullopt;
  Answer answer;
  answer.kind = reset ? AnswerKind::rst : AnswerKind::syn_ack;
  answer.target = segment.source;
  answer.attempt = *attempt;
  answer.sender = segment.source.address;
  answer.time_to_live = segment.time_to_live;
  if (reset) answer.window = segment.window;
  return answer;
}

std::optional<Answer> ProbeCodec::read_icmp(const packet::DecodedPacket& packet) const {
  const packet::IcmpView& icmp = *packet.icmp();
  if (!icmp.header.is_error()) return std::nullopt;
  const auto quote = packet::parse_quoted_tcp(icmp.quoted, icmp.header.family);
  if (!quote) return std::nullopt;
  const auto attempt = attempt_of(quote->source.port);
  if (!attempt || quote->sequence != probe_numbers(quote->destination, *attempt).sequence) return std::nullopt;
  Answer answer;
  answer.kind = AnswerKind::icmp;
  answer.target = quote->destination;
  answer.attempt = *attempt;
  answer.sender = packet.source;
  answer.time_to_live = packet.time_to_live();
  answer.icmp = icmp.header;
  return answer;
}

}  // namespace tcp::scan
