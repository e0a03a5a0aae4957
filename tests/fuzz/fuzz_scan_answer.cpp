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
  ProberOptions options;
  options.seed = 1;
  Prober prober(space(), *find_technique("syn"), options, MonotonicTime());
  std::vector<Probe> batch;
  prober.take_due(2, MonotonicTime(), batch);
  prober.sent(batch, batch.size(), MonotonicTime(), 0);
  return prober;
}

// Probes with a SYN, with nothing, with a FIN and with an ACK: each is proved in a way of its own.
constexpr std::uint16_t kShapes[] = {packet::control::syn, 0, packet::control::fin, packet::control::ack,
                                     packet::control::fin | packet::control::ack};

void check_proof(const Answer& answer, packet::Bytes bytes, std::uint16_t control_bits) {
  const packet::DecodedPacket packet = packet::decode_ip(bytes);
  require(answer.attempt < kTries);
  const std::uint64_t cookie = make_cookie(kKey, answer.target, answer.attempt);
  const auto sequence = static_cast<std::uint32_t>(cookie);
  if (answer.kind == AnswerKind::icmp) {
    const auto quote = packet::parse_quoted_tcp(packet.icmp()->quoted, packet.icmp()->header.family);
    require(quote && quote->sequence == sequence && quote->destination == answer.target);
    return;
  }
  const packet::TcpHeader& header = packet.tcp()->header;
  require(packet.source_endpoint() == answer.target);
  require(answer.kind == AnswerKind::rst || control_bits == packet::control::syn);
  if ((control_bits & packet::control::ack) != 0) {
    require(header.sequence == static_cast<std::uint32_t>(cookie >> 32));
  } else if (control_bits == packet::control::syn) {
    require(header.acknowledgment == sequence + 1);
  } else {
    require(header.acknowledgment - sequence <= 1);
  }
}

void check_prober(const Answer& answer) {
  Prober prober = make_prober();
  const auto result = prober.on_answer(answer).result;
  if (!result) return;
  require(answer.attempt == 0 && space().index_of(answer.target).has_value());
  require((result->state == PortState::open) == (answer.kind == AnswerKind::syn_ack));
  require((result->state == PortState::closed) == (answer.kind == AnswerKind::rst));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const packet::Bytes bytes(data, size);
  for (const std::uint16_t control_bits : kShapes) {
    const ProbeCodec codec({kKey, control_bits, kFirstPort, kTries});
    const auto answer = codec.read_answer(bytes, true);
    if (!answer) continue;
    check_proof(*answer, bytes, control_bits);
    if (control_bits == packet::control::syn) check_prober(*answer);
  }
  return 0;
}
