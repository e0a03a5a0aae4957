// SPDX-License-Identifier: MIT
// A byte for the family (4 or 6), then an ICMP or ICMPv6 message.
#include <algorithm>
#include <vector>

#include "libtcp/packet/icmp.hpp"
#include "tests/fuzz/require.hpp"

using namespace tcp::packet;
using tcp::fuzz::is_within;
using tcp::fuzz::require;

namespace {

void check_round_trip(const IcmpView& view, Bytes message) {
  std::vector<std::uint8_t> buffer(message.size());
  Writer writer(buffer);
  require(serialize(writer, view.header, view.body));
  require(std::ranges::equal(writer.written(), message));
}

void check_views(const IcmpView& view, Bytes message) {
  require(is_within(view.body, message));
  require(is_within(view.quoted, view.body));
  require(is_within(view.extensions, view.body));
  require(view.quoted.size() + view.extensions.size() <= view.body.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader reader(Bytes(data, size));
  const tcp::Family family = reader.u8() == 6 ? tcp::Family::v6 : tcp::Family::v4;
  ParseError error{};
  const IcmpView view = parse_icmp(reader.rest(), family, error);
  require((error == ParseError::none) == (reader.left() >= 8));
  require(!to_string(view.header).empty());
  (void)view.header.next_hop_mtu();
  if (error != ParseError::none) return 0;
  check_views(view, reader.rest());
  check_round_trip(view, reader.rest());
  if (const auto segment = parse_quoted_tcp(view.quoted, family)) {
    require(segment->segment.size() >= 8);
    require(is_within(segment->segment, view.quoted));
  }
  return 0;
}
