// SPDX-License-Identifier: MIT
#include "libtcp/scan/echo_codec.hpp"

#include <algorithm>

#include "libtcp/packet/icmp.hpp"
#include "libtcp/packet/icmp_types.hpp"

namespace tcp::scan {
namespace {

constexpr std::uint16_t kAttemptBits = 0x000f;
constexpr std::size_t kChecksumOffset = 2;

std::uint8_t attempt_of(std::uint16_t sequence) noexcept { return static_cast<std::uint8_t>(sequence & kAttemptBits); }

}  // namespace

EchoCodec::Numbers EchoCodec::numbers_of(const IpAddress& destination, std::uint8_t attempt) const noexcept {
  const std::uint64_t cookie = make_cookie(key_, {destination, kEchoPort}, attempt);
  Numbers numbers;
  numbers.identifier = static_cast<std::uint16_t>(cookie >> 48);
  numbers.sequence = static_cast<std::uint16_t>((cookie >> 32 & ~std::uint64_t{kAttemptBits}) | attempt);
  numbers.cookie = cookie;
  return numbers;
}

EchoCodec::Request EchoCodec::make_request(const IpAddress& destination, std::uint8_t attempt) const {
  const Numbers numbers = numbers_of(destination, attempt);
  Request request{};
  packet::Writer writer(request);
  writer.u8(destination.is_v4() ? packet::icmpv4::echo_request : packet::icmpv6::echo_request);
  writer.u8(0);
  writer.u16(0);
  writer.u16(numbers.identifier);
  writer.u16(numbers.sequence);
  writer.u64(numbers.cookie);
  if (destination.is_v4()) writer.patch_u16(kChecksumOffset, packet::icmp_checksum(request));
  return request;
}

std::optional<Answer> EchoCodec::read(const IpAddress& sender, packet::Bytes message) const {
  packet::ParseError error = packet::ParseError::none;
  const packet::IcmpView view = packet::parse_icmp(message, sender.family(), error);
  if (error != packet::ParseError::none) return std::nullopt;
  if (view.header.is_error()) return read_error(sender, view);
  const std::uint8_t reply = sender.is_v4() ? packet::icmpv4::echo_reply : packet::icmpv6::echo_reply;
  if (view.header.type != reply || view.header.code != 0) return std::nullopt;
  return read_reply(sender, view.header.rest, view.body);
}

std::optional<Answer> EchoCodec::read_reply(const IpAddress& sender, std::uint32_t rest, packet::Bytes body) const {
  const auto sequence = static_cast<std::uint16_t>(rest);
  const std::uint8_t attempt = attempt_of(sequence);
  if (attempt >= kMostTries) return std::nullopt;
  const Numbers numbers = numbers_of(sender, attempt);
  packet::Reader reader(body);
  const std::uint32_t upper = reader.u32();
  const std::uint64_t cookie = std::uint64_t{upper} << 32 | reader.u32();
  if (!reader.ok() || cookie != numbers.cookie || sequence != numbers.sequence) return std::nullopt;
  Answer answer;
  answer.kind = AnswerKind::presence;
  answer.target = {sender, kEchoPort};
  answer.attempt = attempt;
  answer.sender = sender;
  return answer;
}

std::optional<Answer> EchoCodec::read_error(const IpAddress& sender, const packet::IcmpView& error) const {
  const auto quote = packet::parse_quoted_echo(error.quoted, sender.family());
  if (!quote) return std::nullopt;
  const std::uint8_t attempt = attempt_of(quote->sequence);
  if (attempt >= kMostTries) return std::nullopt;
  const Numbers numbers = numbers_of(quote->destination, attempt);
  if (quote->sequence != numbers.sequence || quote->identifier != numbers.identifier) return std::nullopt;
  Answer answer;
  answer.kind = AnswerKind::icmp;
  answer.target = {quote->destination, kEchoPort};
  answer.attempt = attempt;
  answer.sender = sender;
  answer.icmp = error.header;
  return answer;
}

}  // namespace tcp::scan
