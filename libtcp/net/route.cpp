// SPDX-License-Identifier: MIT
#include "libtcp/net/route.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "libtcp/net/netlink.hpp"
#include "libtcp/net/rtnetlink.hpp"

namespace tcp::net {
namespace {

Result<RouteMessage> query_route(NetlinkSocket& socket, const IpAddress& destination, const RouteHints& hints) {
  const std::uint32_t interface_index = hints.interface_index.value_or(destination.scope_id());
  const auto request = make_route_request(destination, hints.source, interface_index);
  std::optional<RouteMessage> route;
  TCP_TRY(socket.request(RTM_GETROUTE, 0, request, [&](std::uint16_t type, auto payload) -> Result<void> {
    if (type != RTM_NEWROUTE) return {};
    TCP_TRY_ASSIGN(message, parse_route_message(payload));
    route = message;
    return {};
  }));
  if (!route) return system_error("", ENETUNREACH);
  return *route;
}

Result<LinkMessage> query_link(NetlinkSocket& socket, std::uint32_t interface_index) {
  const auto request = make_link_request(interface_index);
  std::optional<LinkMessage> link;
  TCP_TRY(socket.request(RTM_GETLINK, 0, request, [&](std::uint16_t type, auto payload) -> Result<void> {
    if (type != RTM_NEWLINK) return {};
    TCP_TRY_ASSIGN(message, parse_link_message(payload));
    link = std::move(message);
    return {};
  }));
  if (!link) return system_error("", ENODEV);
  return std::move(*link);
}

// The kernel answers with an error for most of these; IPv6 and older kernels may name the type instead.
int error_of(std::uint8_t route_type) {
  switch (route_type) {
    case RTN_UNREACHABLE: return EHOSTUNREACH;
    case RTN_PROHIBIT: return EACCES;
    case RTN_BLACKHOLE: return EINVAL;
    case RTN_THROW: return ENETUNREACH;
    default: return 0;
  }
}

// The kernel leaves the source out when it was asked with one, or when the interface has no address.
Result<IpAddress> choose_source(const RouteMessage& route, const LinkMessage& link, const RouteHints& hints) {
  if (hints.source) return *hints.source;
  if (route.source && !route.source->is_any()) return *route.source;
  return make_error(Errc::not_found, "", "interface " + link.name + " has no address to send from");
}

Result<Route> find_route_unnamed(const IpAddress& destination, const RouteHints& hints) {
  TCP_TRY_ASSIGN(socket, NetlinkSocket::open(NETLINK_ROUTE));
  TCP_TRY_ASSIGN(message, query_route(socket, destination, hints));
  if (const int error = error_of(message.type); error != 0) return system_error("", error);
  TCP_TRY_ASSIGN(link, query_link(socket, message.interface_index));
  TCP_TRY_ASSIGN(source, choose_source(message, link, hints));
  return Route{.interface_index = link.index,
               .interface_name = link.name,
               .source = source,
               .gateway = message.gateway,
               .mtu = message.mtu != 0 ? message.mtu : link.mtu,
               .link_address = link.mac_address,
               .local = message.type == RTN_LOCAL};
}

constexpr const char* kListing = "list routes";

Result<void> add(std::vector<Prefix>& prefixes, const Prefix& prefix, std::size_t most) {
  if (prefix.length == 0) return {};
  if (prefixes.size() == most) return make_error(Errc::unsupported, kListing, "there are too many");
  prefixes.push_back(prefix);
  return {};
}

}  // namespace

Result<std::vector<Prefix>> list_route_prefixes(Family family, std::size_t most) {
  TCP_TRY_ASSIGN(socket, NetlinkSocket::open(NETLINK_ROUTE));
  std::vector<Prefix> prefixes;
  const auto read_route = [&](std::uint16_t type, auto payload) -> Result<void> {
    if (type != RTM_NEWROUTE) return {};
    TCP_TRY_ASSIGN(message, parse_route_message(payload));
    return add(prefixes, message.destination, most);
  };
  const auto read_rule = [&](std::uint16_t type, auto payload) -> Result<void> {
    if (type != RTM_NEWRULE) return {};
    TCP_TRY_ASSIGN(message, parse_rule_message(payload));
    return add(prefixes, message.destination, most);
  };
  TCP_TRY(socket.request(RTM_GETROUTE, NLM_F_DUMP, make_route_dump_request(family), read_route));
  const auto rules = socket.request(RTM_GETRULE, NLM_F_DUMP, make_rule_dump_request(family), read_rule);
  // A kernel without policy routing has no rules.
  if (!rules && !rules.error().is(std::errc::operation_not_supported)) return std::unexpected(rules.error());
  return prefixes;
}

Result<Route> find_route(const IpAddress& destination, const RouteHints& hints) {
  if (hints.source && hints.source->family() != destination.family()) {
    return usage_error("source " + to_string(*hints.source),
                       "must be of the same family as destination " + to_string(destination));
  }
  Result<Route> route = find_route_unnamed(destination, hints);
  if (!route) route.error().attempt = "route to " + to_string(destination);
  return route;
}

}  // namespace tcp::net
