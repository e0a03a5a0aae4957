// SPDX-License-Identifier: MIT
// A file of an access list: whatever is accepted is a set that contains the ends of each of its ranges.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libtcp/stream/access_list.hpp"
#include "tests/fuzz/require.hpp"

using tcp::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto ranges = tcp::stream::parse_access_file({reinterpret_cast<const char*>(data), size}, "file");
  if (!ranges) {
    require(ranges.error().is(tcp::Errc::invalid_input) && !ranges.error().message().empty());
    return 0;
  }
  const tcp::stream::AddressRanges set(*ranges);
  require(set.all().size() <= ranges->size());
  for (const tcp::AddressRange& range : *ranges) require(set.contains(range.first) && set.contains(range.last));
  return 0;
}
