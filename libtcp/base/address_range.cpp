// SPDX-License-Identifier: MIT
#include "libtcp/base/address_range.hpp"

#include <algorithm>
#include <array>

namespace tcp {
namespace {

constexpr unsigned kMappedBits = 96;  // of ::ffff:0:0/96

std::string quoted(std::string_view text) { return "address '" + std::string(text) + "'"; }

// With every bit behind the first `length` set.
IpAddress last_of(const Prefix& prefix) noexcept {
  if (prefix.address.is_v4()) {
    const std::uint64_t host_bits = (std::uint64_t{1} << (32 - prefix.length)) - 1;
    return IpAddress::v4(prefix.address.to_v4() | static_cast<std::uint32_t>(host_bits));
  }
  std::array<std::uint8_t, 16> bytes{};
  const auto network = prefix.address.bytes();
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = prefix.length > 8 * i ? prefix.length - 8 * i : 0;
    const unsigned host = kept >= 8 ? 0 : 0xffU >> kept;
    bytes[i] = static_cast<std::uint8_t>(network[i] | host);
  }
  return IpAddress::v6(bytes, prefix.address.scope_id());
}

Prefix unmapped(const Prefix& prefix) {
  if (!prefix.address.is_v4_mapped() || prefix.length < kMappedBits) return prefix;
  return make_prefix(prefix.address.unmapped(), prefix.length - kMappedBits);
}

Result<AddressRange> parse_span(std::string_view text, std::size_t dash) {
  const auto first = parse_ip_address(text.substr(0, dash));
  const auto last = parse_ip_address(text.substr(std::min(dash + 1, text.size())));
  if (!first || !last) return usage_error(quoted(text), "must be ADDRESS, ADDRESS/LENGTH or ADDRESS-ADDRESS");
  const AddressRange range{first->unmapped(), last->unmapped()};
  if (range.first.family() != range.last.family() || range.first.scope_id() != range.last.scope_id()) {
    return usage_error(quoted(text), "both ends must be of one family and zone");
  }
  if (range.last < range.first) return usage_error(quoted(text), "is reversed");
  return range;
}

}  // namespace

bool AddressRange::contains(const IpAddress& address) const noexcept {
  return address.family() == first.family() && first <= address && address <= last;
}

AddressRange to_range(const Prefix& prefix) noexcept { return {prefix.address, last_of(prefix)}; }

// A zone may hold a hyphen, so that the whole word is tried first.
Result<AddressRange> parse_address_range(std::string_view text) {
  if (const auto prefix = parse_prefix(text)) return to_range(unmapped(*prefix));
  return parse_span(text, std::min(text.find('-'), text.size()));
}

}  // namespace tcp
