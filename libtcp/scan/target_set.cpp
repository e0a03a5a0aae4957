// SPDX-License-Identifier: MIT
#include "libtcp/scan/target_set.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <limits>

namespace tcp::scan {
namespace {

constexpr std::uint64_t kLargestSet = std::uint64_t{1} << 40;

// Where an address stands in its family, as a number of 128 bits. IPv4 uses the low half.
struct Position {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend auto operator<=>(const Position&, const Position&) noexcept = default;
};

Position position_of(const IpAddress& address) noexcept {
  if (address.is_v4()) return {0, address.to_v4()};
  Position position;
  const auto bytes = address.bytes();
  for (std::size_t i = 0; i < 8; ++i) {
    position.high = position.high << 8 | bytes[i];
    position.low = position.low << 8 | bytes[i + 8];
  }
  return position;
}

// The address at `position`, of the family and zone of `like`.
IpAddress address_at(const Position& position, const IpAddress& like) noexcept {
  if (like.is_v4()) return IpAddress::v4(static_cast<std::uint32_t>(position.low));
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::uint8_t>(position.high >> (56 - 8 * i));
    bytes[i + 8] = static_cast<std::uint8_t>(position.low >> (56 - 8 * i));
  }
  return IpAddress::v6(bytes, like.scope_id());
}

Position plus(Position position, std::uint64_t count) noexcept {
  position.low += count;
  if (position.low < count) ++position.high;
  return position;
}

Position minus_one(Position position) noexcept {
  if (position.low == 0) --position.high;
  --position.low;
  return position;
}

bool precedes(const AddressRange& a, const AddressRange& b) noexcept {
  if (a.first.family() != b.first.family()) return a.first.family() < b.first.family();
  return position_of(a.first) < position_of(b.first);
}

bool overlap(const AddressRange& a, const AddressRange& b) noexcept {
  return a.first.family() == b.first.family() && position_of(a.first) <= position_of(b.last) &&
         position_of(b.first) <= position_of(a.last);
}

// `next` begins inside `range` or right behind it.
bool continues(const AddressRange& range, const AddressRange& next) noexcept {
  if (range.first.family() != next.first.family()) return false;
  const Position end = position_of(range.last);
  return position_of(next.first) <= end || position_of(next.first) == plus(end, 1);
}

bool ends_before(const AddressRange& a, const AddressRange& b) noexcept {
  if (a.first.family() != b.first.family()) return a.first.family() < b.first.family();
  return position_of(a.last) < position_of(b.first);
}

// In order and disjoint.
std::vector<AddressRange> merged(std::span<const AddressRange> ranges) {
  std::vector<AddressRange> sorted(ranges.begin(), ranges.end());
  std::ranges::sort(sorted, precedes);
  std::vector<AddressRange> result;
  for (const AddressRange& range : sorted) {
    if (result.empty() || !continues(result.back(), range)) {
      result.push_back(range);
    } else if (position_of(result.back().last) < position_of(range.last)) {
      result.back().last = range.last;
    }
  }
  return result;
}

// What `holes` (merged, none ends before `range`) leave of `range`.
void cut(AddressRange range, std::span<const AddressRange> holes, std::vector<AddressRange>& pieces) {
  for (const AddressRange& hole : holes) {
    if (!overlap(range, hole)) break;
    const Position first = position_of(hole.first);
    const Position last = position_of(hole.last);
    if (position_of(range.first) < first) pieces.push_back({range.first, address_at(minus_one(first), range.first)});
    if (position_of(range.last) <= last) return;
    range.first = address_at(plus(last, 1), range.first);
  }
  pieces.push_back(range);
}

std::vector<AddressRange> not_public() {
  std::vector<AddressRange> ranges;
  for (const char* text : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16",
                           "100.64.0.0/10", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "::1",
                           "fc00::/7", "fe80::/10", "2001:db8::/32", "3fff::/20"}) {
    ranges.push_back(to_range(*parse_prefix(text)));
  }
  return ranges;
}

}  // namespace

std::uint64_t size_of(const AddressRange& range) noexcept {
  const Position first = position_of(range.first);
  const Position last = position_of(range.last);
  const std::uint64_t distance = last.low - first.low;
  const std::uint64_t high = last.high - first.high - (last.low < first.low ? 1 : 0);
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  return high != 0 || distance == kMost ? kMost : distance + 1;
}

Result<TargetSet> TargetSet::make(std::vector<AddressRange> ranges) {
  std::ranges::sort(ranges, precedes);
  TargetSet set;
  for (const AddressRange& range : ranges) {
    const bool joins = !set.ranges_.empty() && continues(set.ranges_.back(), range);
    if (!joins ||
        (set.ranges_.back().last.scope_id() != range.first.scope_id() && !overlap(set.ranges_.back(), range))) {
      set.ranges_.push_back(range);
      continue;
    }
    AddressRange& last = set.ranges_.back();
    if (last.last.scope_id() != range.first.scope_id()) {
      return usage_error("target " + to_string(range.first), "also given with another zone: scan each in its own run");
    }
    if (position_of(last.last) < position_of(range.last)) last.last = range.last;
  }
  set.index_ranges();
  if (set.size_ > kLargestSet) return usage_error("targets", "more than 2^40 addresses");
  return set;
}

void TargetSet::index_ranges() {
  ranks_.clear();
  size_ = 0;
  for (const AddressRange& range : ranges_) {
    ranks_.push_back(size_);
    const std::uint64_t size = std::min(size_of(range), kLargestSet + 1);
    size_ = std::min(size_ + size, kLargestSet + 1);
  }
}

// One sweep over both: lists of exclusions can be as long as lists of targets.
TargetSet TargetSet::without(std::span<const AddressRange> excluded) const {
  const std::vector<AddressRange> all = merged(excluded);
  std::span<const AddressRange> holes(all);
  TargetSet rest;
  for (const AddressRange& range : ranges_) {
    while (!holes.empty() && ends_before(holes.front(), range)) holes = holes.subspan(1);
    cut(range, holes, rest.ranges_);
  }
  rest.index_ranges();
  return rest;
}

IpAddress TargetSet::operator[](std::uint64_t index) const noexcept {
  const auto after = std::ranges::upper_bound(ranks_, index);
  const auto row = static_cast<std::size_t>(after - ranks_.begin()) - 1;
  const AddressRange& range = ranges_[row];
  return address_at(plus(position_of(range.first), index - ranks_[row]), range.first);
}

std::optional<std::uint64_t> TargetSet::index_of(const IpAddress& address) const noexcept {
  const auto after = std::ranges::upper_bound(ranges_, AddressRange{address, address}, precedes);
  if (after == ranges_.begin()) return std::nullopt;
  const AddressRange& range = *(after - 1);
  if (!overlap(range, {address, address})) return std::nullopt;
  const auto row = static_cast<std::size_t>(after - ranges_.begin()) - 1;
  return ranks_[row] + size_of({range.first, address}) - 1;
}

bool TargetSet::has(Family family) const noexcept {
  return std::ranges::any_of(ranges_, [family](const AddressRange& range) { return range.first.family() == family; });
}

std::uint64_t TargetSet::count_public() const { return without(not_public()).size(); }

}  // namespace tcp::scan
