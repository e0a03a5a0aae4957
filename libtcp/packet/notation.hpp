// SPDX-License-Identifier: MIT
// packetdrill's way of writing a segment: "S. 0:0(0) ack 1 win 65160 <mss 1460,sackOK,TS val 7 ecr 9,nop,wscale 7>".
#pragma once

#include <cstdint>
#include <string>

#include "libtcp/packet/tcp_header.hpp"

namespace tcp::packet {

// Offsets subtracted before printing, as packetdrill does after a handshake; 0 prints the wire's own numbers.
struct SequenceBase {
  std::uint32_t sequence = 0;
  std::uint32_t acknowledgment = 0;
};

// `payload_length` is what was sent, not what was captured.
[[nodiscard]] std::string notation(const TcpHeader& header, const TcpOptions& options, std::uint32_t payload_length,
                                   SequenceBase base = {});

// "mss 1460,sackOK,TS val 7 ecr 9,nop,wscale 7"; empty without options.
[[nodiscard]] std::string notation(const TcpOptions& options);

}  // namespace tcp::packet
