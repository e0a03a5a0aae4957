// SPDX-License-Identifier: MIT
// The bytes of raw probes and the reading of what comes back, without state: whatever passes has proved itself.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/packet/bytes.hpp"
#include "libtcp/packet/decode.hpp"
#include "libtcp/scan/answer.hpp"
#include "libtcp/scan/cookie.hpp"

namespace tcp::scan {

struct CodecOptions {
  CookieKey key;
  std::uint16_t control_bits = 0;       // of a probe
  std::uint16_t first_source_port = 0;  // each try has its own, in order from here
  std::uint8_t tries = 1;
};

// An IPv6 header and the longest TCP header.
inline constexpr std::size_t kProbeBytes = 100;
using ProbeBuffer = std::array<std::uint8_t, kProbeBytes>;

class ProbeCodec {
 public:
  explicit ProbeCodec(const CodecOptions& options) noexcept : options_(options) {}

  // A SYN that looks like Linux's. `source` is this host's address on the way, `mtu` that of the way.
  [[nodiscard]] packet::Bytes build_probe(ProbeBuffer& buffer, const Endpoint& target, std::uint8_t attempt,
                                          const IpAddress& source, std::uint32_t mtu) const;

  // An IP packet as a packet socket shows it. Nothing unless it acknowledges the cookie of a probe, or is an ICMP error
  // that quotes one. `checksum_pending`: the checksum was left to hardware and is not wrong.
  [[nodiscard]] std::optional<Answer> read_answer(packet::Bytes packet, bool checksum_pending) const;

  // The RST that answers a SYN-ACK, so that no half-open connection stays behind; nothing for anything else.
  [[nodiscard]] packet::Bytes build_reset(ProbeBuffer& buffer, packet::Bytes syn_ack) const;

 private:
  [[nodiscard]] std::uint32_t sequence_of(const Endpoint& target, std::uint8_t attempt) const noexcept;
  [[nodiscard]] std::optional<std::uint8_t> attempt_of(std::uint16_t source_port) const noexcept;
  [[nodiscard]] std::optional<Answer> read_segment(const packet::DecodedPacket& packet) const;
  [[nodiscard]] std::optional<Answer> read_icmp(const packet::DecodedPacket& packet) const;

  CodecOptions options_;
};

}  // namespace tcp::scan
