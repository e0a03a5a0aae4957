// SPDX-License-Identifier: MIT
// A byte for the family (4 or 6), then an ICMP or ICMPv6 message as it comes to who looks for hosts: it is an answer
// only if it repeats, or quotes, the cookie of a request.
#include <algorithm>

#include "libtcp/packet/icmp.hpp"
#include "libtcp/scan/echo_codec.hpp"
#include "tests/fuzz/require.hpp"

using namespace tcp;
using namespace tcp::scan;
using tcp::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr CookieKey kKey{0x1111111111111111, 0x2222222222222222};
  static const IpAddress kV4 = *parse_ip_address("10.0.0.1");
  static const IpAddress kV6 = *parse_ip_address("2001:db8::1");
  if (size == 0) return 0;
  const IpAddress& sender = data[0] == 6 ? kV6 : kV4;
  const packet::Bytes message(data + 1, size - 1);
  const EchoCodec codec(kKey);
  const auto answer = codec.read(sender, message);
  if (!answer) return 0;
  require(answer->attempt < kMostTries && answer->target.port == kEchoPort && answer->sender == sender);
  const EchoCodec::Request request = codec.make_request(answer->target.address, answer->attempt);
  packet::ParseError error{};
  const packet::IcmpView view = packet::parse_icmp(message, sender.family(), error);
  require(error == packet::ParseError::none);
  if (answer->kind == AnswerKind::presence) {
    require(answer->target.address == sender && view.body.size() >= 8);
    require(std::ranges::equal(view.body.first(8), std::span(request).last(8)));
    return 0;
  }
  require(answer->kind == AnswerKind::icmp && view.header.is_error());
  const auto quote = packet::parse_quoted_echo(view.quoted, sender.family());
  require(quote && quote->destination == answer->target.address);
  require(quote->identifier == request[4] * 256 + request[5] && quote->sequence == request[6] * 256 + request[7]);
  return 0;
}
