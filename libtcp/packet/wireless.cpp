// SPDX-License-Identifier: MIT
#include "libtcp/packet/wireless.hpp"

namespace tcp::packet {
namespace {

// Frame control, IEEE 802.11-2020 §9.2.4.1, its two bytes in order.
constexpr unsigned kDataType = 0x08;
constexpr unsigned kTypeMask = 0x0c;
constexpr unsigned kNoData = 0x40;
constexpr unsigned kQualityOfService = 0x80;
constexpr unsigned kToAndFromDistribution = 0x03;
constexpr unsigned kProtected = 0x40;
constexpr unsigned kOrder = 0x80;
constexpr unsigned kAggregated = 0x80;  // first byte of the QoS field: an A-MSDU

}  // namespace

bool skip_wireless_header(Reader& reader) {
  const unsigned kind = reader.u8();
  const unsigned flags = reader.u8();
  if ((kind & kTypeMask) != kDataType || (kind & kNoData) != 0 || (flags & kProtected) != 0) return false;
  reader.skip(2 + 18 + 2);  // duration, three addresses, sequence
  if ((flags & kToAndFromDistribution) == kToAndFromDistribution) reader.skip(6);
  if ((kind & kQualityOfService) == 0) return reader.ok();
  const bool aggregated = (reader.u8() & kAggregated) != 0;
  reader.skip(1);
  if ((flags & kOrder) != 0) reader.skip(4);
  if (aggregated) reader.skip(14);  // the first subframe's addresses and length
  return reader.ok();
}

}  // namespace tcp::packet
