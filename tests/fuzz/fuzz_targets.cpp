// SPDX-License-Identifier: MIT
// Words for targets, alone and in a file: whatever is accepted is a set whose indexes and addresses agree.
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "libtcp/scan/target_list.hpp"

using namespace tcp;
using namespace tcp::scan;

namespace {

constexpr std::size_t kPiece = 7;

void require(bool condition) {
  if (!condition) std::abort();
}

void check(const TargetSet& set) {
  const std::uint64_t size = set.size();
  for (const std::uint64_t index : {std::uint64_t{0}, size / 2, size - 1}) require(set.index_of(set[index]) == index);
  require(set.without(set).empty());
  require(set.count_public() <= size);
  require(set.range(0).first == set[0] && set.range(set.range_count() - 1).last == set[size - 1]);
}

Result<std::vector<IpAddress>> no_names(const std::string& host) {
  require(!host.empty() && host.size() <= 253);
  return make_error(Errc::resolve_failed, "resolve");
}

// A file in pieces is what it is in one.
void check_file(std::string_view text) {
  TargetList whole;
  TargetFileReader reader("file", whole);
  auto read = reader.feed(text);
  if (read) read = reader.finish();
  TargetList parts;
  TargetFileReader slow("file", parts);
  Result<void> again;
  for (std::size_t at = 0; again && at < text.size(); at += kPiece) again = slow.feed(text.substr(at, kPiece));
  if (again) again = slow.finish();
  require(read.has_value() == again.has_value());
  if (!read) {
    require(read.error().message() == again.error().message());
    return;
  }
  const auto targets = resolve_targets(std::move(whole), TargetList(TargetRole::excluded), {}, no_names);
  if (targets) check(targets->set);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_file(text);
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
