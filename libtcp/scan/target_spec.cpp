// SPDX-License-Identifier: MIT
#include "libtcp/scan/target_spec.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "libtcp/base/parse.hpp"
#include "libtcp/scan/target_set.hpp"

namespace tcp::scan {
namespace {

constexpr std::size_t kLongestName = 253;      // RFC 1035 §2.3.4
constexpr std::size_t kMostPieces = 1U << 16;  // of one word such as 0-255.0-255.1.1

std::string quoted(std::string_view text) { return "target '" + std::string(text) + "'"; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool only(std::string_view text, bool (*allowed)(char)) { return std::ranges::all_of(text, allowed); }

bool is_octet_letter(char c) { return is_digit(c) || c == '.' || c == '-' || c == '*'; }

bool is_name_letter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

// An address that a TCP connection can be opened to.
Result<void> check_destination(const IpAddress& address, std::string_view text, TargetRole role) {
  if (role == TargetRole::excluded) return {};
  if (address.is_any()) return usage_error(quoted(text), "is the unspecified address");
  if (address.is_multicast() || address.is_broadcast()) {
    return usage_error(quoted(text), "is multicast or broadcast, and TCP speaks to one host");
  }
  return {};
}

Result<TargetSpec> one_range(const AddressRange& range, std::string_view text, TargetRole role) {
  if (role == TargetRole::excluded) return std::vector{range};
  if (range.first.is_multicast() && range.last.is_multicast()) {
    return usage_error(quoted(text), "is multicast, and TCP speaks to one host");
  }
  if (range.first.is_v6() && size_of(range) > std::uint64_t{1} << kMaxIpv6HostBits) {
    return usage_error(quoted(text), "too large: at most 2^" + std::to_string(kMaxIpv6HostBits) +
                                         " IPv6 addresses, a /" + std::to_string(128 - kMaxIpv6HostBits));
  }
  return std::vector{range};
}

Result<TargetSpec> parse_prefix_target(std::string_view text, TargetRole role) {
  auto prefix = parse_prefix(text);
  if (!prefix) return usage_error(quoted(text), prefix.error().message());
  if (prefix->length == prefix->address.bits()) TCP_TRY(check_destination(prefix->address, text, role));
  return one_range(to_range(*prefix), text, role);
}

Result<TargetSpec> parse_span(const IpAddress& first, const IpAddress& last, std::string_view text, TargetRole role) {
  if (first == last) TCP_TRY(check_destination(first, text, role));
  if (first.family() != last.family() || first.scope_id() != last.scope_id()) {
    return usage_error(quoted(text), "both ends must be of one family and zone");
  }
  if (last < first) return usage_error(quoted(text), "reversed: the first address must not exceed the last");
  return one_range({first, last}, text, role);
}

// "a-b" with two whole addresses. A zone may hold a hyphen, so each one is tried.
std::optional<std::pair<IpAddress, IpAddress>> split_span(std::string_view text) {
  for (std::size_t dash = text.find('-'); dash != std::string_view::npos; dash = text.find('-', dash + 1)) {
    const auto first = parse_ip_address(text.substr(0, dash));
    const auto last = parse_ip_address(text.substr(dash + 1));
    if (first && last) return std::pair{*first, *last};
  }
  return std::nullopt;
}

struct OctetRange {
  std::uint8_t first = 0;
  std::uint8_t last = 255;
  [[nodiscard]] std::size_t count() const { return static_cast<std::size_t>(last - first) + 1; }
};

// "7", "1-254", "-9", "9-", "*"
Result<OctetRange> parse_octets(std::string_view part, std::string_view text) {
  if (part == "*" || part == "-") return OctetRange{};
  const auto dash = part.find('-');
  const auto low = parse_unsigned<std::uint8_t>(dash == 0 ? "0" : part.substr(0, dash));
  const bool open_end = dash != std::string_view::npos && dash + 1 == part.size();
  const auto high = dash == std::string_view::npos ? low
                    : open_end                     ? std::optional<std::uint8_t>(255)
                                                   : parse_unsigned<std::uint8_t>(part.substr(dash + 1));
  if (!low || !high) {
    return usage_error(quoted(text),
                       "'" + std::string(part) + "' is neither a number from 0 to 255 nor a range of them");
  }
  if (*low > *high) return usage_error(quoted(text), "'" + std::string(part) + "' is reversed");
  return OctetRange{*low, *high};
}

std::optional<std::array<std::string_view, 4>> split_octets(std::string_view text) {
  std::array<std::string_view, 4> parts;
  if (std::ranges::count(text, '.') != 3) return std::nullopt;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto dot = text.find('.');
    parts[i] = text.substr(0, dot);
    text.remove_prefix(dot + 1);
  }
  parts[3] = text;
  return parts;
}

IpAddress dotted(std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
  return IpAddress::v4(static_cast<std::uint32_t>(a << 24 | b << 16 | c << 8 | d));
}

// Each octet a range: the product, as one range for each choice of the first three.
Result<TargetSpec> parse_octet_ranges(std::string_view text) {
  const auto parts = split_octets(text);
  if (!parts) return usage_error(quoted(text), "an IPv4 address has four numbers");
  std::array<OctetRange, 4> octets;
  for (std::size_t i = 0; i < 4; ++i) {
    TCP_TRY_ASSIGN(octet, parse_octets((*parts)[i], text));
    octets[i] = octet;
  }
  const auto& [a, b, c, d] = octets;
  if (a.count() * b.count() * c.count() > kMostPieces) {
    return usage_error(quoted(text), "falls into too many pieces; write prefixes instead");
  }
  std::vector<AddressRange> ranges;
  for (std::size_t i = a.first; i <= a.last; ++i) {
    for (std::size_t j = b.first; j <= b.last; ++j) {
      for (std::size_t k = c.first; k <= c.last; ++k)
        ranges.push_back({dotted(i, j, k, d.first), dotted(i, j, k, d.last)});
    }
  }
  return ranges;
}

// "[2001:db8::1]" and "[2001:db8::]/120" as the address alone is written; nothing for anything else.
std::optional<std::string> without_brackets(std::string_view text) {
  const auto close = text.find(']');
  if (text.front() != '[' || close == std::string_view::npos) return std::nullopt;
  if (close + 1 < text.size() && text[close + 1] != '/') return std::nullopt;
  return std::string(text.substr(1, close - 1)) + std::string(text.substr(close + 1));
}

// The address and the port of "192.0.2.1:443", "[2001:db8::1]:22", "host:8080".
std::optional<std::pair<std::string_view, std::uint16_t>> split_pair(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const auto port = parse_unsigned<std::uint16_t>(text.substr(colon + 1));
  if (!port) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) return std::pair{host.substr(1, host.size() - 2), *port};
  if (host.contains(':')) return std::nullopt;
  return std::pair{host, *port};
}

Result<TargetSpec> parse_name(std::string_view text) {
  if (text.contains(':')) return usage_error(quoted(text), "not an address");
  if (text.size() > kLongestName || !only(text, is_name_letter) || text.front() == '-' || text.front() == '.') {
    return usage_error(quoted(text), "neither an address, a prefix, a range nor a name");
  }
  return TargetName{std::string(text)};
}

}  // namespace

Result<TargetSpec> parse_target(std::string_view text, TargetRole role) {
  if (text.empty()) return usage_error("target", "is empty");
  if (const auto pair = split_pair(text)) {
    return usage_error(quoted(text), "a port is not part of a target, since every target gets the ports of -p: write " +
                                         std::string(pair->first) + " and -p " + std::to_string(pair->second) +
                                         ", with a run for each set of ports");
  }
  const std::optional<std::string> bracketed = without_brackets(text);
  const std::string_view bare = bracketed ? *bracketed : text;
  if (bare.contains('/')) return parse_prefix_target(bare, role);
  if (const auto address = parse_ip_address(bare)) {
    const IpAddress target = address->unmapped();
    TCP_TRY(check_destination(target, text, role));
    return std::vector{AddressRange{target, target}};
  }
  if (bracketed) return usage_error(quoted(text), "brackets must hold an IPv6 address");
  if (const auto span = split_span(text)) return parse_span(span->first, span->second, text, role);
  if (only(text, is_octet_letter)) return parse_octet_ranges(text);
  return parse_name(text);
}

}  // namespace tcp::scan
