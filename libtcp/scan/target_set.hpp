// SPDX-License-Identifier: MIT
// The addresses of a scan: sorted, disjoint ranges, each address with an index and each index with an address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "libtcp/base/address_range.hpp"
#include "libtcp/base/error.hpp"
#include "libtcp/base/ip_address.hpp"

namespace tcp::scan {

// Addresses in it; the largest number there is when it has 2^64 or more.
[[nodiscard]] std::uint64_t size_of(const AddressRange& range) noexcept;

class TargetSet {
 public:
  TargetSet() = default;
  // Overlapping and adjacent ranges become one. IPv4 comes before IPv6, each ascending.
  // Errors: more than 2^40 addresses; one address with two zones (an answer names none).
  [[nodiscard]] static Result<TargetSet> make(std::vector<AddressRange> ranges);

  [[nodiscard]] TargetSet without(std::span<const AddressRange> excluded) const;

  [[nodiscard]] bool empty() const noexcept { return ranges_.empty(); }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  // `index` below size(). Logarithmic in the number of ranges.
  [[nodiscard]] IpAddress operator[](std::uint64_t index) const noexcept;
  // The inverse, whatever the zone of `address`; nothing when it is no target.
  [[nodiscard]] std::optional<std::uint64_t> index_of(const IpAddress& address) const noexcept;
  [[nodiscard]] std::span<const AddressRange> ranges() const noexcept { return ranges_; }
  [[nodiscard]] bool has(Family family) const noexcept;

  // Addresses that are somebody else's business: neither private, link-local, loopback nor for documentation.
  [[nodiscard]] std::uint64_t count_public() const;

 private:
  void index_ranges();

  std::vector<AddressRange> ranges_;
  std::vector<std::uint64_t> ranks_;  // how many addresses precede each range
  std::uint64_t size_ = 0;
};

}  // namespace tcp::scan
