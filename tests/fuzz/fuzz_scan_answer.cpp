// SPDX-License-Identifier: MIT
// Any packet, against a scan of two known targets: it is an answer only if it carries the cookie of a probe that was
// sent, and nothing else ever calls a port open.
#include <cstdlib>
#include <vector>

#include "libtcp/packet/decode.hpp"
#include "libtcp/scan/probe_codec.hpp"
#include "libtcp/scan/prober.hpp"

using namespace tcp;
using namespace tcp::scan;

namespace {

constexpr CookieKey kKey{0x1111111111111111, 0x2222222222222222};
constexpr std::uint16_t kFirstPort = 40000;
constexpr std::uint8_t kTries = 4;

void require(bool condition) {
  if (!condition) std::abort();
}

const ProbeSpace& space() {
  static const ProbeSpace space = [] {
    const IpAddress v4 = *parse_ip_address("10.0.0.1");
    const IpAddress v6 = *parse_ip_address("2001:db8::1");
    return *ProbeSpace::make(*TargetSet::make({{v4, v4}, {v6, v6}}), {443});
  }();
  return space;
}

// A prober that has sent the first try of each pair.
Prober make_prober() {
  Prober prober(space(), *find_technique("syn"), {}, 1);
  std::vector<Probe> batch;
  prober.take_due(MonotonicTime(), 2, batch);
  prober.sent(batch, MonotonicTime());
  return prober;
}

std::uint32_t sequence_of(const Answer& answer) {
  return static_cast<std::uint32_t>(make_cookie(kKey, answer.target, answer.attempt));
}

void check_proof(const Answer& answer, packet::Bytes bytes) {
  const packet::DecodedPacket packet = packet::decode_ip(bytes);
  require(answer.attempt < kTries);
  if (answer.kind == AnswerKind::icmp) {
    const auto quote = packet::parse_quoted_tcp(packet.icmp()->quoted, packet.icmp()->header.family);
    require(quote && quote->sequence == sequence_of(answer) && quote->destination == answer.target);
    return;
  }
  require(packet.tcp()->header.acknowledgment == sequence_of(answer) + 1);
  require(packet.source_endpoint() == answer.target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ProbeCodec codec({kKey, packet::control::syn, kFirstPort, kTries});
  const packet::Bytes bytes(data, size);
  ProbeBuffer buffer;
  (void)codec.build_reset(buffer, bytes);
  const auto answer = codec.read_answer(bytes, true);
  if (!answer) return 0;
  check_proof(*answer, bytes);
  Prober prober = make_prober();
  const auto result = prober.on_answer(*answer, MonotonicTime(std::chrono::milliseconds(1)));
  if (!result) return 0;
  require(answer->attempt == 0 && space().index_of(answer->target).has_value());
  require((result->state == PortState::open) == (answer->kind == AnswerKind::syn_ack));
  require((result->state == PortState::closed) == (answer->kind == AnswerKind::rst));
  return 0;
}
