// SPDX-License-Identifier: MIT
#include "libtcp/stream/proxy_protocol.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "libtcp/base/parse.hpp"
#include "libtcp/stream/crc32c.hpp"

namespace tcp::stream {
namespace {

using Bytes = std::span<const std::byte>;
using Parsed = Result<std::optional<ProxyHeader>>;

constexpr std::string_view kLineStart = "PROXY ";
constexpr std::string_view kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t kFixedBytes = 16;  // signature, version and command, family and protocol, length
constexpr std::size_t kUnixNameBytes = 108;

enum class ProxyFamily : std::uint8_t { unspecified, v4, v6, unix_name };

constexpr std::uint8_t kCrcType = 3;  // PP2_TYPE_CRC32C
constexpr std::size_t kTlvStart = 3;  // type, length
constexpr std::size_t kCrcBytes = 4;

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::unexpected<Error> malformed(std::string why) {
  return make_error(Errc::malformed, "PROXY protocol header", std::move(why));
}

bool begins_like(std::string_view text, std::string_view start) {
  const std::size_t size = std::min(text.size(), start.size());
  return text.substr(0, size) == start.substr(0, size);
}

// What stands before the next space, which goes with it.
std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

// Only what an address is written with: no zone, no brackets.
std::optional<IpAddress> parse_line_address(std::string_view word, Family family) {
  constexpr std::string_view kV4Letters = "0123456789.";
  constexpr std::string_view kV6Letters = "0123456789abcdefABCDEF:.";
  if (word.find_first_not_of(family == Family::v4 ? kV4Letters : kV6Letters) != std::string_view::npos) return {};
  const auto address = parse_ip_address(word);
  if (!address) return std::nullopt;
  if ((word.find(':') != std::string_view::npos) != (family == Family::v6)) return std::nullopt;
  return address->unmapped();
}

std::optional<std::uint16_t> parse_line_port(std::string_view word) {
  if (word.size() > 1 && word.front() == '0') return std::nullopt;
  return parse_unsigned<std::uint16_t>(word);
}

// "TCP4 192.0.2.1 192.0.2.2 56324 443"
Result<std::optional<AddressPair>> parse_line(std::string_view line) {
  const std::size_t spaces = static_cast<std::size_t>(std::ranges::count(line, ' '));
  const std::string_view protocol = take_word(line);
  if (protocol == "UNKNOWN") return std::optional<AddressPair>();
  if (protocol != "TCP4" && protocol != "TCP6") return malformed("the protocol is none of TCP4, TCP6 and UNKNOWN");
  const Family family = protocol == "TCP4" ? Family::v4 : Family::v6;
  const auto source = parse_line_address(take_word(line), family);
  const auto destination = parse_line_address(take_word(line), family);
  if (!source || !destination) return malformed("an address is wrong");
  const auto source_port = parse_line_port(take_word(line));
  const auto destination_port = parse_line_port(take_word(line));
  if (!source_port || !destination_port || spaces != 4) return malformed("a port is wrong");
  return AddressPair{Endpoint{*destination, *destination_port}, Endpoint{*source, *source_port}};
}

Parsed parse_text(std::string_view text) {
  const std::string_view most = text.substr(0, kLongestProxyLine);
  const std::size_t end = most.find('\n');
  if (end == std::string_view::npos) {
    if (most.size() == kLongestProxyLine) return malformed("the line does not end within 107 bytes");
    return std::nullopt;
  }
  if (end < kLineStart.size() || most[end - 1] != '\r') return malformed("the line does not end with CR LF");
  TCP_TRY_ASSIGN(addresses, parse_line(most.substr(kLineStart.size(), end - 1 - kLineStart.size())));
  return ProxyHeader{ProxyVersion::v1, end + 1, addresses};
}

std::uint8_t byte_at(Bytes bytes, std::size_t at) { return std::to_integer<std::uint8_t>(bytes[at]); }

std::uint16_t u16_at(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8U | byte_at(bytes, at + 1));
}

IpAddress address_at(Bytes bytes, std::size_t at, ProxyFamily family) {
  std::array<std::uint8_t, 16> raw{};
  const std::size_t size = family == ProxyFamily::v4 ? 4 : 16;
  for (std::size_t i = 0; i < size; ++i) raw[i] = byte_at(bytes, at + i);
  if (family == ProxyFamily::v6) return IpAddress::v6(raw).unmapped();
  return IpAddress::v4(std::uint32_t{raw[0]} << 24U | std::uint32_t{raw[1]} << 16U | std::uint32_t{raw[2]} << 8U |
                       raw[3]);
}

// A path ends with a NUL byte or with its place; an abstract name begins with one. A lone "@" is no name.
UnixName unix_name_at(Bytes bytes, std::size_t at) {
  std::string_view name = text_of(bytes.subspan(at, kUnixNameBytes));
  const bool is_abstract = name.front() == '\0';
  if (is_abstract) name.remove_prefix(1);
  name = name.substr(0, name.find('\0'));
  if (name.empty() || (!is_abstract && name == "@")) return {};
  return {(is_abstract ? "@" : "") + std::string(name)};
}

std::size_t address_bytes(ProxyFamily family) {
  switch (family) {
    case ProxyFamily::v4: return 12;
    case ProxyFamily::v6: return 36;
    case ProxyFamily::unix_name: return 2 * kUnixNameBytes;
    case ProxyFamily::unspecified: break;
  }
  return 0;
}

// `block`: the addresses, source before destination, then the ports.
AddressPair addresses_of(Bytes block, ProxyFamily family) {
  if (family == ProxyFamily::unix_name) return {unix_name_at(block, kUnixNameBytes), unix_name_at(block, 0)};
  const std::size_t size = family == ProxyFamily::v4 ? 4 : 16;
  return {Endpoint{address_at(block, size, family), u16_at(block, 2 * size + 2)},
          Endpoint{address_at(block, 0, family), u16_at(block, 2 * size)}};
}

// Over the whole header, with zeros in the place of the checksum.
bool has_right_crc(Bytes header, std::size_t at) {
  Crc32c crc;
  crc.add(header.first(at));
  crc.add(std::array<std::byte, kCrcBytes>{});
  crc.add(header.subspan(at + kCrcBytes));
  return crc.value() == (std::uint32_t{u16_at(header, at)} << 16U | u16_at(header, at + 2));
}

// Several checksums cannot all be right: the first one that is wrong tells.
Result<void> check_tlvs(Bytes header, std::size_t at) {
  while (at < header.size()) {
    if (header.size() - at < kTlvStart) return malformed("a TLV is cut short");
    const std::uint8_t type = byte_at(header, at);
    const std::size_t size = u16_at(header, at + 1);
    at += kTlvStart;
    if (header.size() - at < size) return malformed("a TLV is longer than the header");
    if (type == kCrcType && size != kCrcBytes) return malformed("the checksum does not have 4 bytes");
    if (type == kCrcType && !has_right_crc(header, at)) return malformed("the checksum (CRC32c) is wrong");
    at += size;
  }
  return {};
}

Parsed parse_body(Bytes header, bool is_local) {
  const auto family = static_cast<ProxyFamily>(byte_at(header, 13) >> 4U);
  ProxyHeader parsed{ProxyVersion::v2, header.size(), std::nullopt};
  // Of the proxy's own connection neither the family nor the addresses count, so that nothing says where TLVs begin.
  if (is_local && family != ProxyFamily::unspecified) return parsed;
  const std::size_t size = address_bytes(family);
  if (header.size() - kFixedBytes < size) return malformed("the addresses are cut short");
  TCP_TRY(check_tlvs(header, kFixedBytes + size));
  if (family != ProxyFamily::unspecified) parsed.addresses = addresses_of(header.subspan(kFixedBytes, size), family);
  return parsed;
}

Parsed parse_binary(Bytes bytes) {
  if (bytes.size() > 12 && byte_at(bytes, 12) >> 4U != 2) return malformed("the version is not 2");
  if (bytes.size() > 12 && (byte_at(bytes, 12) & 15U) > 1) return malformed("the command is neither LOCAL nor PROXY");
  const bool is_local = bytes.size() > 12 && (byte_at(bytes, 12) & 15U) == 0;
  const bool is_odd = bytes.size() > 13 && (byte_at(bytes, 13) >> 4U > 3 || (byte_at(bytes, 13) & 15U) > 2);
  if (is_odd && !is_local) return malformed("the family or the protocol is unknown");
  if (bytes.size() < kFixedBytes) return std::nullopt;
  const std::size_t size = kFixedBytes + u16_at(bytes, 14);
  if (bytes.size() < size) return std::nullopt;
  return parse_body(bytes.first(size), is_local);
}

void append(std::vector<std::byte>& out, std::string_view text) {
  std::ranges::transform(text, std::back_inserter(out), [](char each) { return static_cast<std::byte>(each); });
}

void append_u16(std::vector<std::byte>& out, std::size_t value) {
  out.push_back(static_cast<std::byte>(value >> 8U & 0xffU));
  out.push_back(static_cast<std::byte>(value & 0xffU));
}

void append_address(std::vector<std::byte>& out, const IpAddress& address) {
  for (const std::uint8_t each : address.bytes()) out.push_back(std::byte{each});
}

// Both of one family.
struct EndpointPair {
  Endpoint source;
  Endpoint destination;
};

IpAddress mapped(const IpAddress& address) {
  if (address.is_v6()) return address.without_scope();
  std::array<std::uint8_t, 16> raw{};
  raw[10] = raw[11] = 0xff;
  std::ranges::copy(address.bytes(), raw.begin() + 12);
  return IpAddress::v6(raw);
}

std::optional<EndpointPair> endpoints_of(const AddressPair& addresses) {
  const auto* source = std::get_if<Endpoint>(&addresses.remote);
  const auto* destination = std::get_if<Endpoint>(&addresses.local);
  if (source == nullptr || destination == nullptr) return std::nullopt;
  if (source->address.is_v4() && destination->address.is_v4()) return EndpointPair{*source, *destination};
  return EndpointPair{{mapped(source->address), source->port}, {mapped(destination->address), destination->port}};
}

std::vector<std::byte> serialize_line(const std::optional<EndpointPair>& ends) {
  std::string line = "PROXY UNKNOWN";
  if (ends) {
    line = ends->source.address.is_v4() ? "PROXY TCP4 " : "PROXY TCP6 ";
    line += to_string(ends->source.address) + " " + to_string(ends->destination.address) + " " +
            std::to_string(ends->source.port) + " " + std::to_string(ends->destination.port);
  }
  std::vector<std::byte> out;
  append(out, line + "\r\n");
  return out;
}

void append_unix_name(std::vector<std::byte>& out, const UnixName& name) {
  std::string place = name.path.substr(0, kUnixNameBytes);
  if (place.starts_with('@')) place.front() = '\0';
  place.resize(kUnixNameBytes, '\0');
  append(out, place);
}

void append_start(std::vector<std::byte>& out, ProxyFamily family) {
  append(out, kSignature);
  out.push_back(std::byte{0x21});  // version 2, PROXY
  const unsigned stream = family == ProxyFamily::unspecified ? 0 : 1;
  out.push_back(static_cast<std::byte>(static_cast<unsigned>(family) << 4U | stream));
  append_u16(out, address_bytes(family));
}

std::vector<std::byte> serialize_binary(const std::optional<EndpointPair>& ends, const AddressPair& addresses) {
  std::vector<std::byte> out;
  const auto* source = std::get_if<UnixName>(&addresses.remote);
  const auto* destination = std::get_if<UnixName>(&addresses.local);
  if (ends) {
    append_start(out, ends->source.address.is_v4() ? ProxyFamily::v4 : ProxyFamily::v6);
    append_address(out, ends->source.address);
    append_address(out, ends->destination.address);
    append_u16(out, ends->source.port);
    append_u16(out, ends->destination.port);
  } else if (source != nullptr && destination != nullptr) {
    append_start(out, ProxyFamily::unix_name);
    append_unix_name(out, *source);
    append_unix_name(out, *destination);
  } else {
    append_start(out, ProxyFamily::unspecified);
  }
  return out;
}

}  // namespace

Result<std::optional<ProxyHeader>> parse_proxy_header(std::span<const std::byte> bytes) {
  const std::string_view text = text_of(bytes);
  if (text.empty()) return std::nullopt;
  if (begins_like(text, kLineStart)) return parse_text(text);
  if (begins_like(text, kSignature)) return parse_binary(bytes);
  return malformed("the connection does not begin with one");
}

std::vector<std::byte> serialize_proxy_header(ProxyVersion version, const AddressPair& addresses) {
  const auto ends = endpoints_of(addresses);
  return version == ProxyVersion::v1 ? serialize_line(ends) : serialize_binary(ends, addresses);
}

}  // namespace tcp::stream
