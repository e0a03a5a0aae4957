// SPDX-License-Identifier: MIT
#include "libtcp/packet/tunnel.hpp"

#include <algorithm>
#include <optional>

namespace tcp::packet {
namespace {

namespace udp_port {
constexpr std::uint16_t gtp_u = 2152;
constexpr std::uint16_t teredo = 3544;
constexpr std::uint16_t gre = 4754;
constexpr std::uint16_t vxlan = 4789;
constexpr std::uint16_t geneve = 6081;
constexpr std::uint16_t vxlan_linux = 8472;  // Linux's before the port was assigned
}  // namespace udp_port

// Aruba's tunnels carry 802.11 frames under ethertypes of their own.
constexpr std::uint16_t kFirstAruba = 0x8200;
constexpr std::uint16_t kLastAruba = 0x82ff;

struct Inner {
  Bytes bytes;
  LinkType link_type = LinkType::raw;
  TunnelLayer layer;
};
using MaybeInner = std::optional<Inner>;

MaybeInner inside(TunnelKind kind, const Reader& reader, LinkType link_type,
                  std::optional<std::uint32_t> identifier = {}) {
  if (!reader.ok()) return std::nullopt;
  Inner inner{reader.rest(), link_type, {}};
  inner.layer.kind = kind;
  inner.layer.has_identifier = identifier.has_value();
  inner.layer.identifier = identifier.value_or(0);
  return inner;
}

std::optional<LinkType> link_type_of(std::uint16_t ether_type) {
  if (ether_type >= kFirstAruba && ether_type <= kLastAruba) return LinkType::ieee802_11;
  switch (ether_type) {
    case ethertype::ipv4: return LinkType::ipv4;
    case ethertype::ipv6: return LinkType::ipv6;
    case ethertype::transparent_bridging: return LinkType::ethernet;
    case ethertype::ppp: return LinkType::ppp;
    default: return std::nullopt;
  }
}

// RFC 2784, with RFC 2890's key and sequence number and RFC 2637's acknowledgment (version 1).
MaybeInner enter_gre(Reader reader) {
  constexpr unsigned kChecksum = 0x8000;
  constexpr unsigned kRouting = 0x4000;
  constexpr unsigned kKey = 0x2000;
  constexpr unsigned kSequence = 0x1000;
  constexpr unsigned kAcknowledgment = 0x0080;
  const unsigned flags = reader.u16();
  const std::uint16_t protocol = reader.u16();
  if ((flags & 7) > 1 || (flags & kRouting) != 0) return std::nullopt;
  if ((flags & kChecksum) != 0) reader.skip(4);
  std::optional<std::uint32_t> key;
  if ((flags & kKey) != 0) key = reader.u32();
  if ((flags & 7) == 1) key.reset();  // PPTP: payload length and a call that each side numbers for itself
  if ((flags & kSequence) != 0) reader.skip(4);
  if ((flags & 7) == 1 && (flags & kAcknowledgment) != 0) reader.skip(4);
  if (protocol == ethertype::erspan) {
    if ((flags & kSequence) != 0) reader.skip(8);  // type II; type I has no header of its own
    return inside(TunnelKind::erspan, reader, LinkType::ethernet);
  }
  if (protocol == ethertype::erspan_three) {
    reader.skip(11);
    const bool has_subheader = (reader.u8() & 1) != 0;
    if (has_subheader) reader.skip(8);
    return inside(TunnelKind::erspan, reader, LinkType::ethernet);
  }
  const auto link_type = link_type_of(protocol);
  if (!link_type) return std::nullopt;
  return inside(TunnelKind::gre, reader, *link_type, key);
}

MaybeInner enter_vxlan(Reader reader) {
  const bool has_identifier = (reader.u8() & 0x08) != 0;
  reader.skip(3);
  const std::uint32_t identifier = reader.u24();
  reader.skip(1);
  if (!has_identifier) return std::nullopt;
  return inside(TunnelKind::vxlan, reader, LinkType::ethernet, identifier);
}

MaybeInner enter_geneve(Reader reader) {
  const unsigned first = reader.u8();
  reader.skip(1);
  const std::uint16_t protocol = reader.u16();
  const std::uint32_t identifier = reader.u24();
  reader.skip(1 + std::size_t{4} * (first & 0x3f));
  const auto link_type = link_type_of(protocol);
  if (first >> 6 != 0 || !link_type) return std::nullopt;
  return inside(TunnelKind::geneve, reader, *link_type, identifier);
}

// TS 29.281 §5: version 1 of GTP (not GTP'), message 255 carries a packet; extension headers count words of four.
MaybeInner enter_gtp(Reader reader) {
  constexpr unsigned kMostExtensions = 8;
  const unsigned flags = reader.u8();
  const unsigned message = reader.u8();
  reader.skip(2);
  const std::uint32_t endpoint = reader.u32();
  if (flags >> 5 != 1 || (flags & 0x10) == 0 || message != 255) return std::nullopt;
  if ((flags & 0x07) != 0) {
    reader.skip(3);
    unsigned next = reader.u8();
    if ((flags & 0x04) == 0) next = 0;
    for (unsigned i = 0; next != 0 && reader.ok(); ++i) {
      const std::size_t words = reader.u8();
      if (words == 0 || i == kMostExtensions) return std::nullopt;
      reader.skip(4 * words - 2);
      next = reader.u8();
    }
  }
  return inside(TunnelKind::gtp_u, reader, LinkType::raw, endpoint);
}

// RFC 4380 §5.1.1: an authentication and an origin indication may come first.
MaybeInner enter_teredo(Reader reader) {
  constexpr std::uint16_t kAuthentication = 0x0001;
  constexpr std::uint16_t kOrigin = 0x0000;
  for (int i = 0; i < 2 && reader.left() >= 2; ++i) {
    Reader indication = reader;
    const std::uint16_t kind = indication.u16();
    if (kind == kAuthentication) {
      const std::size_t identifier = indication.u8();
      const std::size_t value = indication.u8();
      indication.skip(identifier + value + 9);
    } else if (kind == kOrigin) {
      indication.skip(6);
    } else {
      break;
    }
    reader = indication;
  }
  return inside(TunnelKind::teredo, reader, LinkType::ipv6);
}

MaybeInner enter_udp(Reader reader) {
  const std::uint16_t source = reader.u16();
  const std::uint16_t destination = reader.u16();
  reader.skip(4);
  if (!reader.ok()) return std::nullopt;
  switch (destination) {
    case udp_port::vxlan:
    case udp_port::vxlan_linux: return enter_vxlan(reader);
    case udp_port::geneve: return enter_geneve(reader);
    case udp_port::gre: return enter_gre(reader);
    default: break;
  }
  if (source == udp_port::gtp_u || destination == udp_port::gtp_u) return enter_gtp(reader);
  if (source == udp_port::teredo || destination == udp_port::teredo) return enter_teredo(reader);
  return std::nullopt;
}

// What a packet that is neither TCP nor ICMP carries, when that is a packet again.
MaybeInner enter(const DecodedPacket& packet) {
  const Reader reader(packet.transport_bytes);
  if (packet.transport_bytes.empty()) return std::nullopt;
  switch (packet.protocol) {
    case ip_protocol::ipv4: return inside(TunnelKind::ipv4, reader, LinkType::ipv4);
    case ip_protocol::ipv6: return inside(TunnelKind::ipv6, reader, LinkType::ipv6);
    case ip_protocol::gre: return enter_gre(reader);
    case ip_protocol::udp: return enter_udp(reader);
    default: return std::nullopt;
  }
}

void mix(std::uint64_t& hash, std::uint64_t value) {
  constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
  hash = (hash ^ value) * kFactor;
  hash ^= hash >> 29;
}

std::uint64_t digest(const IpAddress& address) {
  std::uint64_t hash = address.is_v6() ? 6 : 4;
  for (const std::uint8_t byte : address.bytes()) mix(hash, byte);
  return hash;
}

void mix_tags(std::uint64_t& hash, const LinkTags& tags) {
  for (std::size_t i = 0; i < tags.vlans.count; ++i) mix(hash, 0x10000U | tags.vlans.identifiers[i]);
  if (tags.pppoe_session) mix(hash, 0x20000U | *tags.pppoe_session);
}

}  // namespace

std::uint32_t WayIn::flow_key() const noexcept {
  if (plain()) return 0;
  std::uint64_t hash = 1;
  for (std::size_t i = 0; i <= tunnel_count; ++i) {
    mix_tags(hash, tags[i]);
    if (i == tunnel_count) break;
    const TunnelLayer& layer = tunnels[i];
    mix(hash, static_cast<std::uint64_t>(layer.kind) << 40);
    if (layer.kind == TunnelKind::vxlan || layer.kind == TunnelKind::geneve) mix(hash, layer.identifier);
    mix(hash, digest(layer.source) + digest(layer.destination));
  }
  return static_cast<std::uint32_t>(hash >> 32 ^ hash) | 1;
}

DecodedPacket decode_innermost(Bytes frame, LinkType link_type, WayIn& way) {
  way.tunnel_count = 0;
  DecodedPacket packet = decode(frame, link_type);
  way.tags[0] = packet.tags;
  while (way.tunnel_count < kMaxTunnels && std::holds_alternative<std::monostate>(packet.transport) &&
         !packet.is_later_fragment) {
    MaybeInner inner = enter(packet);
    if (!inner) break;
    inner->layer.source = packet.source;
    inner->layer.destination = packet.destination;
    way.tunnels[way.tunnel_count++] = inner->layer;
    packet = decode(inner->bytes, inner->link_type);
    way.tags[way.tunnel_count] = packet.tags;
  }
  return packet;
}

std::string_view to_string(TunnelKind kind) {
  switch (kind) {
    case TunnelKind::ipv4: return "ipv4";
    case TunnelKind::ipv6: return "ipv6";
    case TunnelKind::gre: return "gre";
    case TunnelKind::erspan: return "erspan";
    case TunnelKind::vxlan: return "vxlan";
    case TunnelKind::geneve: return "geneve";
    case TunnelKind::gtp_u: return "gtp-u";
    case TunnelKind::teredo: return "teredo";
  }
  return "unknown";
}

namespace {

void append(std::string& text, const std::string& part) {
  if (!text.empty()) text += " > ";
  text += part;
}

void append_tags(std::string& text, const LinkTags& tags) {
  for (std::size_t i = 0; i < tags.vlans.count; ++i) append(text, "vlan " + std::to_string(tags.vlans.identifiers[i]));
  if (tags.pppoe_session) append(text, "pppoe " + std::to_string(*tags.pppoe_session));
  if (tags.mpls_count != 0) append(text, "mpls " + std::to_string(tags.mpls_label));
}

std::string describe(const TunnelLayer& layer) {
  std::string text(to_string(layer.kind));
  if (layer.has_identifier) text += " " + std::to_string(layer.identifier);
  return text + " (" + to_string(layer.source) + " to " + to_string(layer.destination) + ")";
}

}  // namespace

std::string to_string(const WayIn& way) {
  std::string text;
  for (std::size_t i = 0; i <= way.tunnel_count; ++i) {
    append_tags(text, way.tags[i]);
    if (i < way.tunnel_count) append(text, describe(way.tunnels[i]));
  }
  return text;
}

}  // namespace tcp::packet
