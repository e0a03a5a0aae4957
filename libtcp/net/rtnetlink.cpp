// SPDX-License-Identifier: MIT
#include "libtcp/net/rtnetlink.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <sys/socket.h>

#include <tuple>

#include "libtcp/base/endpoint.hpp"
#include "libtcp/net/netlink.hpp"
#include "libtcp/net/wire.hpp"

namespace tcp::net {
namespace {

using Bytes = std::span<const std::uint8_t>;

// The fixed struct in front of a message and the attributes behind it.
template <class T>
Result<Bytes> split_message(Bytes payload, T& fixed, const char* what) {
  if (!read_struct(payload, fixed)) return make_error(Errc::malformed, what, "the message is cut off");
  return skip_aligned(payload, sizeof fixed);
}

std::uint32_t number_of(Bytes value) {
  std::uint32_t number = 0;
  (void)read_struct(value, number);
  return number;
}

// Nothing when the length is not the family's.
std::optional<IpAddress> address_of(int family, Bytes value) {
  if (family == AF_INET && value.size() == 4) {
    return IpAddress::v4(std::uint32_t{value[0]} << 24 | std::uint32_t{value[1]} << 16 | std::uint32_t{value[2]} << 8 |
                         value[3]);
  }
  std::array<std::uint8_t, 16> bytes{};
  if (family != AF_INET6 || !read_struct(value, bytes) || value.size() != bytes.size()) return std::nullopt;
  return IpAddress::v6(bytes);
}

std::optional<MacAddress> mac_of(Bytes value) {
  MacAddress address;
  if (value.size() != address.bytes.size() || !read_struct(value, address.bytes)) return std::nullopt;
  return address;
}

// RTA_VIA: a gateway of another family than the route's.
std::optional<IpAddress> via_of(Bytes value) {
  std::uint16_t family = 0;
  if (!read_struct(value, family)) return std::nullopt;
  return address_of(family, value.subspan(sizeof family));
}

// Only an IPv6 link-local address means nothing without its link.
IpAddress scoped(const IpAddress& address, std::uint32_t interface_index) {
  return address.is_v6() && address.is_link_local() ? address.with_scope(interface_index) : address;
}

// A length without an address is a prefix of zeros: 0.0.0.0/0. One that the family does not have is malformed.
Result<Prefix> prefix_of(int family, const std::optional<IpAddress>& address, unsigned length) {
  const IpAddress base = address.value_or(IpAddress::any(family == AF_INET6 ? Family::v6 : Family::v4));
  if (length > base.bits()) return make_error(Errc::malformed, "read prefix", "it is longer than an address");
  return make_prefix(base, length);
}

std::uint32_t mtu_of(Bytes metrics) {
  std::uint32_t mtu = 0;
  std::ignore = for_each_attribute(metrics, [&](std::uint16_t type, Bytes value) {
    if (type == RTAX_MTU) mtu = number_of(value);
  });
  return mtu;
}

class MessageWriter {
 public:
  template <class T>
  void put(const T& fixed) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(&fixed);
    bytes_.insert(bytes_.end(), begin, begin + sizeof fixed);
  }

  void put_attribute(std::uint16_t type, Bytes value) {
    put(rtattr{static_cast<unsigned short>(sizeof(rtattr) + value.size()), type});
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    bytes_.resize((bytes_.size() + 3) & ~std::size_t{3});
  }

  void put_attribute(std::uint16_t type, std::uint32_t value) {
    put_attribute(type, Bytes(reinterpret_cast<const std::uint8_t*>(&value), sizeof value));
  }

  [[nodiscard]] std::vector<std::uint8_t> finish() { return std::move(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace

Result<LinkMessage> parse_link_message(Bytes payload) {
  ifinfomsg fixed;
  TCP_TRY_ASSIGN(attributes, split_message(payload, fixed, "read link"));
  LinkMessage link;
  link.index = static_cast<std::uint32_t>(fixed.ifi_index);
  link.flags = fixed.ifi_flags;
  TCP_TRY(for_each_attribute(attributes, [&](std::uint16_t type, Bytes value) {
    if (type == IFLA_IFNAME) link.name = to_text(value);
    if (type == IFLA_MTU) link.mtu = number_of(value);
    if (type == IFLA_ADDRESS && fixed.ifi_type == ARPHRD_ETHER) link.mac_address = mac_of(value);
  }));
  return link;
}

Result<AddressMessage> parse_address_message(Bytes payload) {
  ifaddrmsg fixed;
  TCP_TRY_ASSIGN(attributes, split_message(payload, fixed, "read address"));
  std::optional<IpAddress> local;  // on a point-to-point link IFA_ADDRESS is the other end
  std::optional<IpAddress> address;
  TCP_TRY(for_each_attribute(attributes, [&](std::uint16_t type, Bytes value) {
    if (type == IFA_LOCAL) local = address_of(fixed.ifa_family, value);
    if (type == IFA_ADDRESS) address = address_of(fixed.ifa_family, value);
  }));
  if (!local) local = address;
  if (!local) return make_error(Errc::malformed, "read address", "the message holds no IP address");
  return AddressMessage{fixed.ifa_index, scoped(*local, fixed.ifa_index), fixed.ifa_prefixlen};
}

Result<RouteMessage> parse_route_message(Bytes payload) {
  rtmsg fixed;
  TCP_TRY_ASSIGN(attributes, split_message(payload, fixed, "read route"));
  RouteMessage route;
  route.type = fixed.rtm_type;
  std::optional<IpAddress> destination;
  TCP_TRY(for_each_attribute(attributes, [&](std::uint16_t type, Bytes value) {
    if (type == RTA_DST) destination = address_of(fixed.rtm_family, value);
    if (type == RTA_OIF) route.interface_index = number_of(value);
    if (type == RTA_PREFSRC) route.source = address_of(fixed.rtm_family, value);
    if (type == RTA_GATEWAY) route.gateway = address_of(fixed.rtm_family, value);
    if (type == RTA_VIA) route.gateway = via_of(value);
    if (type == RTA_METRICS) route.mtu = mtu_of(value);
  }));
  TCP_TRY_ASSIGN(prefix, prefix_of(fixed.rtm_family, destination, fixed.rtm_dst_len));
  route.destination = prefix;
  if (route.source) route.source = scoped(*route.source, route.interface_index);
  if (route.gateway) route.gateway = scoped(*route.gateway, route.interface_index);
  return route;
}

Result<RuleMessage> parse_rule_message(Bytes payload) {
  fib_rule_hdr fixed;
  TCP_TRY_ASSIGN(attributes, split_message(payload, fixed, "read rule"));
  std::optional<IpAddress> destination;
  TCP_TRY(for_each_attribute(attributes, [&](std::uint16_t type, Bytes value) {
    if (type == FRA_DST) destination = address_of(fixed.family, value);
  }));
  TCP_TRY_ASSIGN(prefix, prefix_of(fixed.family, destination, fixed.dst_len));
  return RuleMessage{prefix};
}

Result<NeighbourMessage> parse_neighbour_message(Bytes payload) {
  ndmsg fixed;
  TCP_TRY_ASSIGN(attributes, split_message(payload, fixed, "read neighbour"));
  NeighbourMessage neighbour;
  neighbour.interface_index = static_cast<std::uint32_t>(fixed.ndm_ifindex);
  neighbour.state = fixed.ndm_state;
  TCP_TRY(for_each_attribute(attributes, [&](std::uint16_t type, Bytes value) {
    if (type == NDA_DST) neighbour.address = address_of(fixed.ndm_family, value);
    if (type == NDA_LLADDR) neighbour.mac_address = mac_of(value);
  }));
  if (neighbour.address) neighbour.address = scoped(*neighbour.address, neighbour.interface_index);
  return neighbour;
}

std::vector<std::uint8_t> make_link_request(std::uint32_t interface_index) {
  ifinfomsg fixed{};
  fixed.ifi_index = static_cast<int>(interface_index);
  MessageWriter message;
  message.put(fixed);
  return message.finish();
}

std::vector<std::uint8_t> make_address_request() {
  MessageWriter message;
  message.put(ifaddrmsg{});
  return message.finish();
}

std::vector<std::uint8_t> make_route_request(const IpAddress& destination, const std::optional<IpAddress>& source,
                                             std::uint32_t interface_index) {
  rtmsg fixed{};
  fixed.rtm_family = static_cast<unsigned char>(to_address_family(destination.family()));
  fixed.rtm_dst_len = static_cast<unsigned char>(destination.bits());
  if (source) fixed.rtm_src_len = static_cast<unsigned char>(source->bits());
  MessageWriter message;
  message.put(fixed);
  message.put_attribute(RTA_DST, destination.bytes());
  if (source) message.put_attribute(RTA_SRC, source->bytes());
  if (interface_index != 0) message.put_attribute(RTA_OIF, interface_index);
  return message.finish();
}

std::vector<std::uint8_t> make_route_dump_request(Family family) {
  rtmsg fixed{};
  fixed.rtm_family = static_cast<unsigned char>(to_address_family(family));
  MessageWriter message;
  message.put(fixed);
  return message.finish();
}

std::vector<std::uint8_t> make_rule_dump_request(Family family) {
  fib_rule_hdr fixed{};
  fixed.family = static_cast<unsigned char>(to_address_family(family));
  MessageWriter message;
  message.put(fixed);
  return message.finish();
}

std::vector<std::uint8_t> make_neighbour_dump_request() {
  MessageWriter message;
  message.put(ndmsg{});
  return message.finish();
}

std::vector<std::uint8_t> make_neighbour_request(std::uint32_t interface_index, const IpAddress& address) {
  ndmsg fixed{};
  fixed.ndm_family = static_cast<unsigned char>(to_address_family(address.family()));
  fixed.ndm_ifindex = static_cast<int>(interface_index);
  MessageWriter message;
  message.put(fixed);
  message.put_attribute(NDA_DST, address.bytes());
  return message.finish();
}

}  // namespace tcp::net
