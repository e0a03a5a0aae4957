// SPDX-License-Identifier: MIT
// TELNET (RFC 854) for payload that knows nothing of it: commands and subnegotiations are taken out of what is
// received, every option is refused (RFC 1143: nothing is ever asked for, so that a refusal is all there is to say),
// and bytes that would be taken for commands are doubled in what is sent.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tcp::stream {

class TelnetDecoder {
 public:
  // What goes on where the last call ended becomes payload, in place; its size. Refusals are added to `answers`. A peer
  // that asks for the same again and again is answered a few times only: all answers of a conversation together are at
  // most 24 KiB.
  [[nodiscard]] std::size_t decode(std::span<std::byte> bytes, std::vector<std::byte>& answers);

 private:
  enum class State : std::uint8_t { data, command, option, subnegotiation, subnegotiation_command };

  [[nodiscard]] bool is_payload(std::uint8_t byte, std::vector<std::byte>& answers);
  [[nodiscard]] bool take_data(std::uint8_t byte);
  [[nodiscard]] bool take_command(std::uint8_t byte);
  void refuse(std::uint8_t option, std::vector<std::byte>& answers);

  State state_ = State::data;
  std::uint8_t verb_ = 0;
  bool after_cr_ = false;
  std::array<std::array<std::uint8_t, 256>, 2> refused_{};  // how often, of what the peer would do and what we should
};

class TelnetEncoder {
 public:
  // 0xff is doubled, and a CR that no LF follows is followed by NUL.
  void encode(std::span<const std::byte> bytes, std::vector<std::byte>& out);
  // Nothing follows.
  void finish(std::vector<std::byte>& out);

 private:
  bool after_cr_ = false;
};

}  // namespace tcp::stream
