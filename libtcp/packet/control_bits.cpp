// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "libtcp/packet/tcp_header.hpp"

namespace tcp::packet {
namespace {

struct ControlLetter {
  char letter;
  std::uint16_t bit;
};

// In the order in which packetdrill prints them.
constexpr std::array kLetters{
    ControlLetter{'F', control::fin}, ControlLetter{'S', control::syn}, ControlLetter{'R', control::rst},
    ControlLetter{'P', control::psh}, ControlLetter{'.', control::ack}, ControlLetter{'U', control::urg},
    ControlLetter{'E', control::ece}, ControlLetter{'W', control::cwr}, ControlLetter{'A', control::ae},
};

}  // namespace

std::string to_string_control_bits(std::uint16_t control_bits) {
  std::string letters;
  for (const auto& [letter, bit] : kLetters) {
    if ((control_bits & bit) != 0) letters += letter;
  }
  return letters.empty() ? "-" : letters;
}

std::optional<std::uint16_t> parse_control_bits(std::string_view letters) {
  if (letters == "-") return std::uint16_t{0};
  if (letters.empty()) return std::nullopt;
  unsigned bits = 0;
  for (const char letter : letters) {
    const auto row = std::ranges::find(kLetters, letter, &ControlLetter::letter);
    if (row == kLetters.end() || (bits & row->bit) != 0) return std::nullopt;
    bits |= row->bit;
  }
  return static_cast<std::uint16_t>(bits);
}

}  // namespace tcp::packet
