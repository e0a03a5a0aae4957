// SPDX-License-Identifier: MIT
// The numbers that make a probe prove itself, and the reading of what comes back, without state: whatever passes was
// sent by somebody who has seen the probe.
#pragma once

#include <cstdint>
#include <optional>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/packet/bytes.hpp"
#include "libtcp/packet/decode.hpp"
#include "libtcp/packet/tcp_header.hpp"
#include "libtcp/scan/answer.hpp"
#include "libtcp/scan/cookie.hpp"
#include "libtcp/scan/frame_template.hpp"
#include "libtcp/scan/segment_reader.hpp"

namespace tcp::scan {

struct CodecOptions {
  CookieKey key;
  std::uint16_t control_bits = 0;       // of a probe
  std::uint16_t first_source_port = 0;  // each try has its own, in order from here
  std::uint8_t tries = 1;
  std::uint16_t acknowledged_port = 0;  // probes to it are bare ACKs, whatever the others are; 0: none

  [[nodiscard]] std::uint16_t control_bits_to(std::uint16_t port) const noexcept {
    return port == acknowledged_port && port != 0 ? packet::control::ack : control_bits;
  }
};

class ProbeCodec {
 public:
  explicit ProbeCodec(const CodecOptions& options) noexcept : options_(options) {}

  // Sequence number and, with an ACK bit, acknowledgment number are halves of the cookie.
  [[nodiscard]] SegmentNumbers probe_numbers(const Endpoint& target, std::uint8_t attempt) const noexcept;
  // Of the RST that answers a SYN-ACK, so that no half-open connection stays behind.
  [[nodiscard]] SegmentNumbers reset_numbers(const Answer& syn_ack) const noexcept;

  // An IP packet as a packet socket shows it. Nothing unless it answers the cookie of a probe, or is an ICMP error that
  // quotes one. `checksum_pending`: the checksum was left to hardware and is not wrong.
  [[nodiscard]] std::optional<Answer> read_answer(packet::Bytes packet, bool checksum_pending) const;

 private:
  [[nodiscard]] std::optional<std::uint8_t> attempt_of(std::uint16_t source_port) const noexcept;
  [[nodiscard]] bool proves_itself(const ReceivedSegment& segment, std::uint8_t attempt) const noexcept;
  [[nodiscard]] std::optional<Answer> judge(const ReceivedSegment& segment) const;
  [[nodiscard]] std::optional<Answer> read_icmp(const packet::DecodedPacket& packet) const;

  CodecOptions options_;
};

}  // namespace tcp::scan
