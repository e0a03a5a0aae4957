// SPDX-License-Identifier: MIT
// The addresses of a scan: sorted, disjoint ranges, each address with an index and each index with an address. A
// million single IPv4 addresses take 4 MiB, of IPv6 16 MiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "libtcp/base/address_range.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"
#include "libtcp/scan/intervals.hpp"

namespace tcp::scan {

// Addresses in it; 2^62 when it has that many or more.
[[nodiscard]] std::uint64_t size_of(const AddressRange& range) noexcept;

class TargetSet {
 public:
  TargetSet() = default;
  // Overlapping and adjacent ranges become one. IPv4 comes before IPv6, each ascending.
  // Errors: those of RangeCollector::settle().
  [[nodiscard]] static Result<TargetSet> make(const std::vector<AddressRange>& ranges);

  [[nodiscard]] TargetSet without(const TargetSet& excluded) const;
  [[nodiscard]] TargetSet only(Family family) const;

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::uint64_t size() const noexcept { return v4_.size() + v6_.size(); }
  // `index` below size(). Logarithmic in the number of ranges.
  [[nodiscard]] IpAddress operator[](std::uint64_t index) const noexcept;
  // The inverse, whatever the zone of `address`; nothing when it is no target.
  [[nodiscard]] std::optional<std::uint64_t> index_of(const IpAddress& address) const noexcept;
  [[nodiscard]] bool has(Family family) const noexcept;

  [[nodiscard]] std::size_t range_count() const noexcept { return v4_.count() + v6_.count(); }
  // In order; `index` below range_count().
  [[nodiscard]] AddressRange range(std::size_t index) const noexcept;

  // Addresses that are somebody else's business: neither private, link-local, loopback nor for documentation.
  [[nodiscard]] std::uint64_t count_public() const;

 private:
  friend class RangeCollector;

  [[nodiscard]] IpAddress v6_address(Uint128 number) const noexcept;

  Intervals<std::uint32_t> v4_;
  Intervals<Uint128> v6_;
  std::vector<AddressRange> zones_;  // sorted: whatever has a zone, and the link-local that has none
};

// Takes ranges one by one and makes a set of them.
class RangeCollector {
 public:
  // `range` of any size.
  void add(const AddressRange& range);
  // Errors: more than 2^40 addresses; one address with two zones (an answer names none).
  [[nodiscard]] Result<TargetSet> settle() &&;
  // The same for a set that nobody walks: of any size, and no matter the zones.
  [[nodiscard]] TargetSet settle_unbounded() &&;

 private:
  TargetSet set_;
};

}  // namespace tcp::scan
