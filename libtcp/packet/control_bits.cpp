// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "libtcp/packet/control_bit_names.hpp"
#include "libtcp/packet/tcp_header.hpp"

namespace tcp::packet {
namespace {

struct ControlBit {
  char letter;
  std::string_view name;
  std::uint16_t bit;
};

// In the order in which packetdrill prints them.
constexpr std::array kBits{
    ControlBit{'F', "fin", control::fin}, ControlBit{'S', "syn", control::syn}, ControlBit{'R', "rst", control::rst},
    ControlBit{'P', "psh", control::psh}, ControlBit{'.', "ack", control::ack}, ControlBit{'U', "urg", control::urg},
    ControlBit{'E', "ece", control::ece}, ControlBit{'W', "cwr", control::cwr}, ControlBit{'A', "ae", control::ae},
};

bool is_name(std::string_view word, std::string_view name) {
  return std::ranges::equal(word, name, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

// Adds the bit of a row that must be there and not have been taken before.
bool take(std::uint16_t& bits, decltype(kBits)::const_iterator row) {
  if (row == kBits.end() || (bits & row->bit) != 0) return false;
  bits = static_cast<std::uint16_t>(bits | row->bit);
  return true;
}

}  // namespace

std::string to_string_control_bits(std::uint16_t control_bits) {
  std::string letters;
  for (const ControlBit& row : kBits) {
    if ((control_bits & row.bit) != 0) letters += row.letter;
  }
  return letters.empty() ? "-" : letters;
}

std::optional<std::uint16_t> parse_control_bits(std::string_view letters) {
  if (letters == "-") return std::uint16_t{0};
  if (letters.empty()) return std::nullopt;
  std::uint16_t bits = 0;
  for (const char letter : letters) {
    if (!take(bits, std::ranges::find(kBits, letter, &ControlBit::letter))) return std::nullopt;
  }
  return bits;
}

std::string to_string_control_bit_names(std::uint16_t control_bits) {
  std::string names;
  for (const ControlBit& row : kBits) {
    if ((control_bits & row.bit) != 0) names += (names.empty() ? "" : ",") + std::string(row.name);
  }
  return names.empty() ? "none" : names;
}

std::optional<std::uint16_t> parse_control_bit_names(std::string_view names) {
  if (is_name(names, "none")) return std::uint16_t{0};
  std::uint16_t bits = 0;
  for (;;) {
    const std::size_t comma = names.find(',');
    const std::string_view word = names.substr(0, comma);
    if (!take(bits, std::ranges::find_if(kBits, [&](const ControlBit& row) { return is_name(word, row.name); }))) {
      return std::nullopt;
    }
    if (comma == std::string_view::npos) return bits;
    names.remove_prefix(comma + 1);
  }
}

}  // namespace tcp::packet
