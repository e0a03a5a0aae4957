// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>

#include <cstring>

#include "libtcp/net/netlink.hpp"
#include "libtcp/net/rtnetlink.hpp"

using namespace tcp;
using namespace tcp::net;

namespace {

using Octets = std::vector<std::uint8_t>;

template <class T>
void append(Octets& to, const T& value) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}

Octets attribute(std::uint16_t type, const Octets& value) {
  Octets bytes;
  append(bytes, rtattr{static_cast<unsigned short>(sizeof(rtattr) + value.size()), type});
  bytes.insert(bytes.end(), value.begin(), value.end());
  bytes.resize((bytes.size() + 3) & ~std::size_t{3});
  return bytes;
}

template <class T>
Octets message(const T& fixed, std::initializer_list<Octets> attributes) {
  Octets bytes;
  append(bytes, fixed);
  for (const Octets& one : attributes) bytes.insert(bytes.end(), one.begin(), one.end());
  return bytes;
}

Octets number(std::uint32_t value) {
  Octets bytes;
  append(bytes, value);
  return bytes;
}

Octets text(std::string_view value) { return {value.begin(), value.end()}; }

struct Walk {
  Result<void> result;
  std::vector<std::pair<std::uint16_t, Octets>> attributes;
};

Walk walk(const Octets& bytes) {
  Walk seen;
  seen.result = for_each_attribute(bytes, [&](std::uint16_t type, std::span<const std::uint8_t> value) {
    seen.attributes.emplace_back(type, Octets(value.begin(), value.end()));
  });
  return seen;
}

}  // namespace

TEST_CASE("attributes are walked with their padding") {
  Octets bytes = attribute(3, text("eth0\0"));
  const Octets second = attribute(4 | NLA_F_NESTED, number(1500));
  bytes.insert(bytes.end(), second.begin(), second.end());
  const Walk seen = walk(bytes);
  CHECK(seen.result.has_value());
  REQUIRE(seen.attributes.size() == 2);
  CHECK(seen.attributes[0].second.size() == 4);
  CHECK(seen.attributes[1].first == 4);  // without its flag
  CHECK(walk({}).result.has_value());
}

TEST_CASE("the last attribute may lack its padding") {
  Octets bytes = attribute(1, {7});
  bytes.resize(5);
  CHECK(walk(bytes).attributes.size() == 1);
  CHECK(walk(bytes).result.has_value());
}

TEST_CASE("attribute lengths out of bounds are malformed") {
  for (const int length : {0, 1, 3, 9, 0x7fff, 0xffff}) {
    CAPTURE(length);
    Octets bytes;
    append(bytes, rtattr{static_cast<unsigned short>(length), 1});
    append(bytes, std::uint32_t{0});
    const Walk seen = walk(bytes);
    REQUIRE_FALSE(seen.result.has_value());
    CHECK(seen.result.error().is(Errc::malformed));
    CHECK(seen.attributes.empty());
  }
  CHECK_FALSE(walk({4, 0, 1}).result.has_value());
}

TEST_CASE("message lengths out of bounds are malformed") {
  const auto nothing = [](const nlmsghdr&, std::span<const std::uint8_t>) -> Result<bool> { return true; };
  for (const std::uint32_t length : {0U, 15U, 21U, 0xffffffffU}) {
    CAPTURE(length);
    Octets bytes;
    append(bytes, nlmsghdr{length, RTM_NEWLINK, 0, 1, 0});
    append(bytes, std::uint32_t{0});
    CHECK_FALSE(for_each_message(bytes, nothing).has_value());
  }
  CHECK_FALSE(for_each_message(Octets(15), nothing).has_value());
}

TEST_CASE("messages are walked until the handler has enough") {
  Octets bytes;
  for (std::uint16_t type = 1; type <= 3; ++type) {
    append(bytes, nlmsghdr{17, type, 0, 1, 0});
    bytes.resize(bytes.size() + 4);  // one byte and its padding
  }
  std::vector<std::uint16_t> types;
  const auto take = [&](const nlmsghdr& header, std::span<const std::uint8_t> payload) -> Result<bool> {
    CHECK(payload.size() == 1);
    types.push_back(header.nlmsg_type);
    return types.size() < 2;
  };
  CHECK(for_each_message(bytes, take).has_value());
  CHECK(types == std::vector<std::uint16_t>{1, 2});
}

TEST_CASE("a link") {
  ifinfomsg fixed{};
  fixed.ifi_index = 7;
  fixed.ifi_type = ARPHRD_ETHER;
  fixed.ifi_flags = IFF_UP;
  const Octets mac = attribute(IFLA_ADDRESS, {2, 0, 0x5e, 0x10, 0, 1});
  const Octets bytes =
      message(fixed, {attribute(IFLA_IFNAME, Octets{'e', 't', 'h', '0', 0}), mac, attribute(IFLA_MTU, number(1400))});
  const LinkMessage link = parse_link_message(bytes).value();
  CHECK(link.index == 7);
  CHECK(link.name == "eth0");
  CHECK(link.mtu == 1400);
  CHECK(to_string(link.mac_address.value()) == "02:00:5e:10:00:01");
  fixed.ifi_type = ARPHRD_LOOPBACK;
  CHECK_FALSE(parse_link_message(message(fixed, {mac})).value().mac_address);
  fixed.ifi_type = ARPHRD_ETHER;
  CHECK_FALSE(parse_link_message(message(fixed, {attribute(IFLA_ADDRESS, Octets(20))})).value().mac_address);
  CHECK_FALSE(parse_link_message(Octets(8)).has_value());
}

TEST_CASE("an address: the local end of a point-to-point link, a scope where it means something") {
  ifaddrmsg fixed{};
  fixed.ifa_family = AF_INET;
  fixed.ifa_index = 3;
  fixed.ifa_prefixlen = 32;
  const auto own = attribute(IFA_LOCAL, {10, 0, 0, 1});
  const auto other = attribute(IFA_ADDRESS, {10, 0, 0, 2});
  CHECK(to_string(parse_address_message(message(fixed, {other, own})).value().address) == "10.0.0.1");
  CHECK(to_string(parse_address_message(message(fixed, {other})).value().address) == "10.0.0.2");
  CHECK_FALSE(parse_address_message(message(fixed, {attribute(IFA_LOCAL, {10, 0, 0})})).has_value());
  CHECK_FALSE(parse_address_message(message(fixed, {})).has_value());
  fixed.ifa_family = AF_INET6;
  Octets link_local(16);
  link_local[0] = 0xfe;
  link_local[1] = 0x80;
  CHECK(parse_address_message(message(fixed, {attribute(IFA_ADDRESS, link_local)})).value().address.scope_id() == 3);
}

TEST_CASE("a route: metrics are nested, a gateway may be of the other family") {
  rtmsg fixed{};
  fixed.rtm_family = AF_INET;
  fixed.rtm_type = RTN_UNICAST;
  Octets via = {AF_INET6, 0};
  via.resize(18);
  via[2] = 0xfe;
  via[3] = 0x80;
  const Octets metrics = attribute(RTAX_MTU, number(1280));
  const RouteMessage route =
      parse_route_message(message(fixed, {attribute(RTA_METRICS, metrics), attribute(RTA_OIF, number(5)),
                                          attribute(RTA_PREFSRC, {192, 0, 2, 1}), attribute(RTA_VIA, via)}))
          .value();
  CHECK(route.mtu == 1280);
  CHECK(route.interface_index == 5);
  CHECK(to_string(route.source.value()) == "192.0.2.1");
  CHECK(route.gateway.value().is_v6());
  CHECK(route.gateway.value().scope_id() == 5);
}

TEST_CASE("broken parts of a route are as good as absent") {
  rtmsg fixed{};
  fixed.rtm_family = AF_INET;
  const RouteMessage route =
      parse_route_message(message(fixed, {attribute(RTA_METRICS, {9, 0, 2, 0}), attribute(RTA_OIF, {5}),
                                          attribute(RTA_GATEWAY, Octets(16)), attribute(RTA_VIA, {2})}))
          .value();
  CHECK(route.mtu == 0);
  CHECK(route.interface_index == 0);
  CHECK_FALSE(route.gateway);
}

TEST_CASE("a neighbour") {
  ndmsg fixed{};
  fixed.ndm_family = AF_INET;
  fixed.ndm_ifindex = 2;
  fixed.ndm_state = NUD_REACHABLE;
  const NeighbourMessage neighbour =
      parse_neighbour_message(
          message(fixed, {attribute(NDA_DST, {192, 0, 2, 2}), attribute(NDA_LLADDR, {2, 0, 0, 0, 0, 1})}))
          .value();
  CHECK(neighbour.state == NUD_REACHABLE);
  CHECK(to_string(neighbour.address.value()) == "192.0.2.2");
  CHECK(to_string(neighbour.mac_address.value()) == "02:00:00:00:00:01");
}

TEST_CASE("the kernel is asked, and its errors come back with its words") {
  NetlinkSocket socket = NetlinkSocket::open(NETLINK_ROUTE).value();
  std::size_t links = 0;
  const auto count = [&](std::uint16_t, std::span<const std::uint8_t>) -> Result<void> {
    ++links;
    return {};
  };
  CHECK(socket.request(RTM_GETLINK, NLM_F_DUMP, make_link_request(0), count).has_value());
  CHECK(links > 0);
  const auto missing = socket.request(RTM_GETLINK, 0, make_link_request(0x7ffffffe), count);
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().is(std::errc::no_such_device));
  const auto refused = socket.request(RTM_GETLINK, 0, Octets(3), count);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().is(std::errc::invalid_argument));
}

TEST_CASE("a handler's error ends a dump, and the socket is still good") {
  NetlinkSocket socket = NetlinkSocket::open(NETLINK_ROUTE).value();
  const auto stop = [](std::uint16_t, std::span<const std::uint8_t>) -> Result<void> {
    return make_error(Errc::interrupted, "enough");
  };
  for (int i = 0; i < 3; ++i) {
    const auto result = socket.request(RTM_GETLINK, NLM_F_DUMP, make_link_request(0), stop);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().message() == "enough: interrupted");
  }
  std::size_t addresses = 0;
  const auto count = [&](std::uint16_t type, std::span<const std::uint8_t>) -> Result<void> {
    addresses += type == RTM_NEWADDR ? 1 : 0;
    return {};
  };
  CHECK(socket.request(RTM_GETADDR, NLM_F_DUMP, make_address_request(), count).has_value());
}
