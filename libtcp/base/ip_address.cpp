// SPDX-License-Identifier: MIT
#include "libtcp/base/ip_address.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <cassert>
#include <charconv>

#include "libtcp/base/parse.hpp"

namespace tcp {
namespace {

constexpr std::array<std::uint8_t, 12> kV4MappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// A zone is an interface's name or its index (RFC 4007 §11).
Result<std::uint32_t> parse_zone(std::string_view zone) {
  if (auto index = parse_unsigned<std::uint32_t>(zone); index && *index != 0) return *index;
  const std::string name(zone);
  if (const unsigned index = ::if_nametoindex(name.c_str()); index != 0) return index;
  return usage_error("zone '" + name + "'", "no such interface");
}

std::string zone_name(std::uint32_t scope_id) {
  char name[IF_NAMESIZE];
  return ::if_indextoname(scope_id, name) != nullptr ? name : std::to_string(scope_id);
}

// Addresses are written by the million, and inet_ntop goes through printf.
class Writer {
 public:
  void put(char c) noexcept { *end_++ = c; }
  void put(unsigned number, int base) noexcept { end_ = std::to_chars(end_, text_.end(), number, base).ptr; }
  void put_v4(std::span<const std::uint8_t, 4> bytes) noexcept {
    for (std::size_t i = 0; i < 4; ++i) {
      if (i > 0) put('.');
      put(bytes[i], 10);
    }
  }
  [[nodiscard]] std::string text() const {
    return std::string(text_.data(), static_cast<std::size_t>(end_ - text_.data()));
  }

 private:
  std::array<char, INET6_ADDRSTRLEN> text_;
  char* end_ = text_.begin();
};

struct Zeros {
  std::size_t first = 8;  // of eight words
  std::size_t count = 0;
};

// RFC 5952 §4.2: the longest run of zeros, the first of several, and never a single one.
Zeros longest_zeros(const std::array<unsigned, 8>& words) noexcept {
  Zeros longest;
  Zeros run;
  for (std::size_t i = 0; i < words.size(); ++i) {
    run = words[i] != 0 ? Zeros{} : run.count == 0 ? Zeros{i, 1} : Zeros{run.first, run.count + 1};
    if (run.count > std::max<std::size_t>(longest.count, 1)) longest = run;
  }
  return longest;
}

std::string to_string_v6(std::span<const std::uint8_t> bytes) {
  std::array<unsigned, 8> words{};
  for (std::size_t i = 0; i < words.size(); ++i) words[i] = static_cast<unsigned>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  const auto [first, count] = longest_zeros(words);
  // RFC 5952 §5: what holds an IPv4 address shows it.
  const bool holds_v4 = first == 0 && (count == 6 || (count == 5 && words[5] == 0xffff));
  Writer writer;
  for (std::size_t i = 0; i < words.size();) {
    if (i == first) {
      writer.put(':');
      i += count;
      if (i == words.size()) writer.put(':');
      continue;
    }
    if (i > 0) writer.put(':');
    if (holds_v4 && i == 6) {
      writer.put_v4(bytes.subspan<12, 4>());
      break;
    }
    writer.put(words[i++], 16);
  }
  return writer.text();
}

std::string to_string_v4(std::span<const std::uint8_t> bytes) {
  Writer writer;
  writer.put_v4(bytes.first<4>());
  return writer.text();
}

bool in_prefix(const IpAddress& address, const char* prefix) { return parse_prefix(prefix)->contains(address); }

}  // namespace

std::string_view to_string(Family family) { return family == Family::v4 ? "IPv4" : "IPv6"; }

IpAddress IpAddress::any(Family family) noexcept { return family == Family::v4 ? IpAddress() : v6({}); }

IpAddress IpAddress::loopback(Family family) noexcept {
  if (family == Family::v4) return v4(0x7f000001);
  std::array<std::uint8_t, 16> bytes{};
  bytes[15] = 1;
  return v6(bytes);
}

std::uint32_t IpAddress::to_v4() const noexcept {
  assert(is_v4());
  return static_cast<std::uint32_t>(bytes_[0]) << 24 | static_cast<std::uint32_t>(bytes_[1]) << 16 |
         static_cast<std::uint32_t>(bytes_[2]) << 8 | bytes_[3];
}

IpAddress IpAddress::unmapped() const noexcept {
  if (!is_v4_mapped()) return *this;
  IpAddress ip;
  std::copy_n(bytes_.begin() + 12, 4, ip.bytes_.begin());
  return ip;
}

IpAddress IpAddress::without_scope() const noexcept { return with_scope(0); }

IpAddress IpAddress::with_scope(std::uint32_t scope_id) const noexcept {
  IpAddress ip = *this;
  ip.scope_id_ = scope_id;
  return ip;
}

bool IpAddress::is_any() const noexcept {
  return std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const noexcept {
  return is_v4() ? bytes_[0] == 127 : without_scope() == loopback(Family::v6);
}

bool IpAddress::is_link_local() const noexcept {
  return is_v4() ? bytes_[0] == 169 && bytes_[1] == 254 : bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_multicast() const noexcept { return is_v4() ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff; }

bool IpAddress::is_broadcast() const noexcept { return is_v4() && to_v4() == 0xffffffff; }

bool IpAddress::is_v4_mapped() const noexcept {
  return is_v6() && std::equal(kV4MappedPrefix.begin(), kV4MappedPrefix.end(), bytes_.begin());
}

bool IpAddress::is_private() const noexcept {
  if (is_loopback() || is_link_local()) return true;
  if (is_v6()) return is_v4_mapped() ? unmapped().is_private() : (bytes_[0] & 0xfe) == 0xfc;
  return in_prefix(*this, "10.0.0.0/8") || in_prefix(*this, "172.16.0.0/12") || in_prefix(*this, "192.168.0.0/16");
}

std::string to_string(const IpAddress& address) {
  std::string text = address.is_v4() ? to_string_v4(address.bytes()) : to_string_v6(address.bytes());
  return address.scope_id() == 0 ? text : text + '%' + zone_name(address.scope_id());
}

Result<IpAddress> parse_ip_address(std::string_view text) {
  const auto percent = text.find('%');
  const std::string_view literal_text = text.substr(0, percent);
  std::array<char, INET6_ADDRSTRLEN> literal{};
  // inet_pton stops at a NUL, so a text that hides one would pass.
  const bool whole = literal_text.size() < literal.size() && !literal_text.contains('\0');
  if (whole) std::ranges::copy(literal_text, literal.begin());
  std::array<std::uint8_t, 16> bytes{};
  const bool may_be_v4 = whole && percent == std::string_view::npos && !literal_text.contains(':');
  if (may_be_v4 && ::inet_pton(AF_INET, literal.data(), bytes.data()) == 1) {
    std::uint32_t address = 0;
    for (std::size_t i = 0; i < 4; ++i) address = address << 8 | bytes[i];
    return IpAddress::v4(address);
  }
  if (!whole || ::inet_pton(AF_INET6, literal.data(), bytes.data()) != 1) {
    return usage_error("address '" + std::string(text) + "'", "not an IPv4 or IPv6 address");
  }
  if (percent == std::string_view::npos) return IpAddress::v6(bytes);
  TCP_TRY_ASSIGN(scope_id, parse_zone(text.substr(percent + 1)));
  return IpAddress::v6(bytes, scope_id);
}

bool Prefix::contains(const IpAddress& other) const noexcept {
  if (other.family() != address.family()) return false;
  return make_prefix(other.without_scope(), length).address == address.without_scope();
}

Prefix make_prefix(const IpAddress& address, unsigned length) noexcept {
  assert(length <= address.bits());
  std::array<std::uint8_t, 16> bytes{};
  const auto source = address.bytes();
  for (std::size_t i = 0; i < source.size(); ++i) {
    const unsigned kept = length > 8 * i ? std::min<unsigned>(8, length - static_cast<unsigned>(8 * i)) : 0;
    bytes[i] = static_cast<std::uint8_t>(source[i] & (0xff00U >> kept));
  }
  if (address.is_v6()) return {IpAddress::v6(bytes, address.scope_id()), length};
  return {IpAddress::v4(static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
                        static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3]),
          length};
}

std::string to_string(const Prefix& prefix) { return to_string(prefix.address) + '/' + std::to_string(prefix.length); }

Result<Prefix> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  TCP_TRY_ASSIGN(address, parse_ip_address(text.substr(0, slash)));
  if (slash == std::string_view::npos) return Prefix{address, address.bits()};
  const auto length = parse_unsigned<unsigned>(text.substr(slash + 1));
  if (!length || *length > address.bits()) {
    return usage_error("prefix length in '" + std::string(text) + "'",
                       "must be 0 to " + std::to_string(address.bits()));
  }
  return make_prefix(address, *length);
}

}  // namespace tcp

std::size_t std::hash<tcp::IpAddress>::operator()(const tcp::IpAddress& address) const noexcept {
  const auto bytes = address.bytes();
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes.data()), bytes.size()}) ^
         address.scope_id();
}
