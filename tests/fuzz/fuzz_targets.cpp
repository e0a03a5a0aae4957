// SPDX-License-Identifier: MIT
// Words for targets: whatever is accepted is a set whose indexes and addresses agree.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "libtcp/scan/target_spec.hpp"

using namespace tcp;
using namespace tcp::scan;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const TargetSet& set) {
  const std::uint64_t size = set.size();
  for (const std::uint64_t index : {std::uint64_t{0}, size / 2, size - 1}) require(set.index_of(set[index]) == index);
  require(set.without(set.ranges()).empty());
  require(set.count_public() <= size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto spec = parse_target(text);
  if (!spec) {
    require(!spec.error().message().empty());
    return 0;
  }
  if (const auto* name = std::get_if<TargetName>(&*spec)) {
    require(!name->host.empty() && name->host.size() <= 253);
    return 0;
  }
  const auto set = TargetSet::make(std::get<std::vector<AddressRange>>(*spec));
  require(set.has_value() && !set->empty());
  check(*set);
  return 0;
}
