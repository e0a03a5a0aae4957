// SPDX-License-Identifier: MIT
#include "libtcp/packet/icmp.hpp"

#include "libtcp/packet/checksum.hpp"
#include "libtcp/packet/icmp_types.hpp"
#include "libtcp/packet/ipv4.hpp"

namespace tcp::packet {
namespace {

constexpr std::size_t kExtensionHeaderLength = 4;
constexpr std::size_t kLeastQuoteLength =
    128;  // before extensions (RFC 4884 §3), and exactly so without a length (§5.5)

// RFC 4884 §4: the length of the quote in words, of 32 bits in ICMP and of 64 in ICMPv6. 0 when the type has none.
std::size_t quote_length(const IcmpHeader& header) {
  if (header.family == Family::v4) {
    const bool has_length = header.type != icmpv4::source_quench && header.type != icmpv4::redirect;
    return has_length ? std::size_t{4} * (header.rest >> 16 & 0xff) : 0;
  }
  const bool has_length = header.is_unreachable() || header.is_time_exceeded();
  return has_length ? std::size_t{8} * (header.rest >> 24) : 0;
}

bool is_extension_structure(Bytes bytes) {
  Reader reader(bytes);
  const bool version_2 = reader.u8() >> 4 == 2;
  reader.skip(1);
  const std::uint16_t checksum = reader.u16();
  return reader.ok() && version_2 && (checksum == 0 || internet_checksum(bytes) == 0);
}

// A quote of 128 bytes and no length is how routers older than RFC 4884 append MPLS labels; there a checksum is a must,
// because those bytes can as well be more of the quoted packet.
bool has_classic_extensions(Bytes body) {
  if (body.size() < kLeastQuoteLength + kExtensionHeaderLength) return false;
  const Bytes behind = body.subspan(kLeastQuoteLength);
  return (behind[2] != 0 || behind[3] != 0) && is_extension_structure(behind);
}

// A length below the least that RFC 4884 allows, with no extensions behind it, is a byte that an older router left
// unclean.
bool is_believable(std::size_t length, Bytes body) {
  if (length == 0 || length > body.size()) return false;
  return length >= kLeastQuoteLength || is_extension_structure(body.subspan(length));
}

void split_body(IcmpView& view) {
  std::size_t length = quote_length(view.header);
  if (length == 0 && has_classic_extensions(view.body)) length = kLeastQuoteLength;
  if (!is_believable(length, view.body)) length = view.body.size();
  view.quoted = view.body.first(length);
  const Bytes behind = view.body.subspan(length);
  if (is_extension_structure(behind)) view.extensions = behind.subspan(kExtensionHeaderLength);
}

}  // namespace

bool IcmpHeader::is_error() const noexcept {
  if (family == Family::v6) return type >= icmpv6::unreachable && type <= icmpv6::parameter_problem;
  return type == icmpv4::unreachable || type == icmpv4::source_quench || type == icmpv4::redirect ||
         type == icmpv4::time_exceeded || type == icmpv4::parameter_problem;
}

bool IcmpHeader::is_unreachable() const noexcept {
  return type == (family == Family::v4 ? icmpv4::unreachable : icmpv6::unreachable);
}

bool IcmpHeader::is_time_exceeded() const noexcept {
  return type == (family == Family::v4 ? icmpv4::time_exceeded : icmpv6::time_exceeded);
}

std::optional<std::uint32_t> IcmpHeader::next_hop_mtu() const noexcept {
  const bool v4 = family == Family::v4;
  const bool tells = v4 ? is_unreachable() && code == icmpv4::fragmentation_needed : type == icmpv6::packet_too_big;
  const std::uint32_t mtu = v4 ? rest & 0xffff : rest;
  if (!tells || mtu == 0) return std::nullopt;
  return mtu;
}

IcmpView parse_icmp(Bytes bytes, Family family, ParseError& error) {
  Reader reader(bytes);
  IcmpView view;
  view.header.family = family;
  view.header.type = reader.u8();
  view.header.code = reader.u8();
  view.header.checksum = reader.u16();
  view.header.rest = reader.u32();
  error = reader.ok() ? ParseError::none : ParseError::truncated;
  if (!reader.ok()) return view;
  view.body = reader.rest();
  if (view.header.is_error()) split_body(view);
  return view;
}

bool serialize(Writer& writer, const IcmpHeader& header, Bytes body) {
  writer.u8(header.type);
  writer.u8(header.code);
  writer.u16(header.checksum);
  writer.u32(header.rest);
  writer.bytes(body);
  return writer.ok();
}

std::uint16_t icmp_checksum(Bytes message) { return internet_checksum(message); }

std::uint16_t icmpv6_checksum(const IpAddress& source, const IpAddress& destination, Bytes message) {
  Checksum checksum;
  checksum.add_pseudo_header(source, destination, ip_protocol::icmpv6, static_cast<std::uint32_t>(message.size()));
  checksum.add(message);
  return checksum.finish();
}

}  // namespace tcp::packet
