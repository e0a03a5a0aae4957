// SPDX-License-Identifier: MIT
#include "libtcp/packet/mpls.hpp"

namespace tcp::packet {
namespace {

constexpr std::size_t kObjectHeaderLength = 4;
constexpr std::size_t kEntryLength = 4;
constexpr std::uint8_t kMplsClass = 1;      // RFC 4950 §3
constexpr std::uint8_t kIncomingStack = 1;  // its only C-Type

MplsLabel parse_entry(std::uint32_t word) {
  return {word >> 12, static_cast<std::uint8_t>(word >> 9 & 7), (word >> 8 & 1) != 0,
          static_cast<std::uint8_t>(word & 0xff)};
}

}  // namespace

std::vector<MplsLabel> parse_mpls_labels(Bytes objects) {
  std::vector<MplsLabel> labels;
  Reader reader(objects);
  while (reader.left() >= kObjectHeaderLength) {
    const std::size_t length = reader.u16();
    const std::uint8_t object_class = reader.u8();
    const std::uint8_t type = reader.u8();
    if (length < kObjectHeaderLength || length - kObjectHeaderLength > reader.left()) break;
    Reader object(reader.take(length - kObjectHeaderLength));
    if (object_class != kMplsClass || type != kIncomingStack) continue;
    while (object.left() >= kEntryLength && labels.size() < kMostMplsLabels)
      labels.push_back(parse_entry(object.u32()));
  }
  return labels;
}

}  // namespace tcp::packet
