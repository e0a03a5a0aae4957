// SPDX-License-Identifier: MIT
// A byte for the family (4 or 6), then an ICMP error that quotes a SYN of ours, or something like it. What is told of
// it is told only of bytes that were quoted.
#include "libtcp/packet/icmp.hpp"
#include "libtcp/trace/quote.hpp"
#include "libtcp/trace/syn_shape.hpp"
#include "tests/fuzz/require.hpp"

using namespace tcp;
using namespace tcp::trace;
using tcp::fuzz::require;

namespace {

FourTuple tuple_of(Family family) { return {{IpAddress::loopback(family), 40000}, {IpAddress::loopback(family), 443}}; }

void check(const QuotedProbe& quote, Family family) {
  const FourTuple tuple = tuple_of(family);
  const Segment syn = make_syn({}, {.tuple = tuple, .sequence = 1, .timestamp = 2, .identification = 3});
  const FieldValues sent = describe_sent(tuple, syn);
  const FieldValues seen = describe_quote(quote, syn);
  for (std::size_t i = 0; i < kFieldCount; ++i) (void)differs(static_cast<Field>(i), sent, seen);
  require(quote.quoted_bytes >= 8 && quote.segment.size() <= quote.quoted_bytes);
  require(!seen[Field::control_bits] || quote.quoted_bytes >= 14);
  require(!seen[Field::window] || quote.quoted_bytes >= 16);
  require(!seen[Field::mss] || quote.quoted_bytes >= 20);
  require(!seen[Field::option_order] || quote.quoted_bytes >= 20);
  require(!seen[Field::checksum] || quote.quoted_bytes == quote.segment_length);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  packet::Reader reader(packet::Bytes(data, size));
  const Family family = reader.u8() == 6 ? Family::v6 : Family::v4;
  packet::ParseError error{};
  const packet::IcmpView view = packet::parse_icmp(reader.rest(), family, error);
  if (error != packet::ParseError::none) return 0;
  if (const auto quote = read_quote(view)) check(*quote, family);
  return 0;
}
