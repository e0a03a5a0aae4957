// SPDX-License-Identifier: MIT
#include "libtcp/stream/telnet.hpp"

namespace tcp::stream {
namespace {

constexpr std::uint8_t kSubnegotiationEnd = 240;
constexpr std::uint8_t kSubnegotiation = 250;
constexpr std::uint8_t kWill = 251;
constexpr std::uint8_t kWont = 252;
constexpr std::uint8_t kDo = 253;
constexpr std::uint8_t kDont = 254;
constexpr std::uint8_t kCommand = 255;  // IAC: interpret as command
constexpr std::uint8_t kCr = '\r';
constexpr std::uint8_t kLf = '\n';
constexpr std::uint8_t kMostRefusals = 16;

}  // namespace

std::size_t TelnetDecoder::decode(std::span<std::byte> bytes, std::vector<std::byte>& answers) {
  std::size_t size = 0;
  for (const std::byte byte : bytes) {
    if (is_payload(std::to_integer<std::uint8_t>(byte), answers)) bytes[size++] = byte;
  }
  return size;
}

bool TelnetDecoder::is_payload(std::uint8_t byte, std::vector<std::byte>& answers) {
  switch (state_) {
    case State::data: return take_data(byte);
    case State::command: return take_command(byte);
    case State::option:
      state_ = State::data;
      refuse(byte, answers);
      return false;
    case State::subnegotiation:
      if (byte == kCommand) state_ = State::subnegotiation_command;
      return false;
    case State::subnegotiation_command:
      // Any other command ends it too: a peer that forgets its end shall not fall silent for good.
      if (byte != kCommand) return take_command(byte);
      state_ = State::subnegotiation;
      return false;
  }
  return false;
}

bool TelnetDecoder::take_data(std::uint8_t byte) {
  if (byte == kCommand) {
    state_ = State::command;
    return false;
  }
  const bool is_padding = after_cr_ && byte == 0;
  after_cr_ = byte == kCr;
  return !is_padding;
}

bool TelnetDecoder::take_command(std::uint8_t byte) {
  state_ = State::data;
  if (byte == kSubnegotiation) state_ = State::subnegotiation;
  if (byte >= kWill && byte <= kDont) {
    state_ = State::option;
    verb_ = byte;
  }
  if (byte == kCommand) after_cr_ = false;
  return byte == kCommand;  // two of them are one byte of payload
}

// WONT and DONT say what is so already: answering them would never end.
void TelnetDecoder::refuse(std::uint8_t option, std::vector<std::byte>& answers) {
  if (verb_ != kWill && verb_ != kDo) return;
  std::uint8_t& times = refused_.at(verb_ == kWill ? 0 : 1).at(option);
  if (times == kMostRefusals) return;
  ++times;
  answers.insert(answers.end(), {std::byte{kCommand}, std::byte{verb_ == kWill ? kDont : kWont}, std::byte{option}});
}

void TelnetEncoder::encode(std::span<const std::byte> bytes, std::vector<std::byte>& out) {
  for (const std::byte byte : bytes) {
    if (after_cr_ && byte != std::byte{kLf}) out.push_back(std::byte{0});
    out.push_back(byte);
    if (byte == std::byte{kCommand}) out.push_back(byte);
    after_cr_ = byte == std::byte{kCr};
  }
}

void TelnetEncoder::finish(std::vector<std::byte>& out) {
  if (after_cr_) out.push_back(std::byte{0});
  after_cr_ = false;
}

}  // namespace tcp::stream
