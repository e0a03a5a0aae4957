// SPDX-License-Identifier: MIT
#include "libtcp/net/interface.hpp"

#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>

#include "libtcp/net/netlink.hpp"
#include "libtcp/net/rtnetlink.hpp"

namespace tcp::net {
namespace {

// A dump during which the kernel's list changed is asked for again.
constexpr int kDumpAttempts = 5;

Interface to_interface(const LinkMessage& link) {
  return {.index = link.index,
          .name = link.name,
          .mac_address = link.mac_address,
          .mtu = link.mtu,
          .up = (link.flags & IFF_UP) != 0,
          .loopback = (link.flags & IFF_LOOPBACK) != 0,
          .addresses = {}};
}

Result<void> read_links(NetlinkSocket& socket, std::vector<Interface>& interfaces) {
  const auto request = make_link_request(0);
  return socket.request(RTM_GETLINK, NLM_F_DUMP, request, [&](std::uint16_t type, auto payload) -> Result<void> {
    if (type != RTM_NEWLINK) return {};
    TCP_TRY_ASSIGN(link, parse_link_message(payload));
    interfaces.push_back(to_interface(link));
    return {};
  });
}

Result<void> read_addresses(NetlinkSocket& socket, std::vector<Interface>& interfaces) {
  const auto request = make_address_request();
  return socket.request(RTM_GETADDR, NLM_F_DUMP, request, [&](std::uint16_t type, auto payload) -> Result<void> {
    if (type != RTM_NEWADDR) return {};
    TCP_TRY_ASSIGN(message, parse_address_message(payload));
    const auto owner = std::ranges::find(interfaces, message.interface_index, &Interface::index);
    if (owner != interfaces.end()) owner->addresses.push_back({message.address, message.prefix_length});
    return {};
  });
}

Result<std::vector<Interface>> list_once(NetlinkSocket& socket) {
  std::vector<Interface> interfaces;
  TCP_TRY(read_links(socket, interfaces));
  TCP_TRY(read_addresses(socket, interfaces));
  return interfaces;
}

}  // namespace

Result<std::vector<Interface>> list_interfaces() {
  TCP_TRY_ASSIGN(socket, NetlinkSocket::open(NETLINK_ROUTE));
  Result<std::vector<Interface>> interfaces = list_once(socket);
  for (int attempt = 1; attempt < kDumpAttempts; ++attempt) {
    if (interfaces || !interfaces.error().is(std::errc::interrupted)) break;
    interfaces = list_once(socket);
  }
  if (!interfaces) interfaces.error().attempt = "list interfaces";
  return interfaces;
}

Result<Interface> find_interface(const std::string& name) {
  const unsigned index = ::if_nametoindex(name.c_str());  // knows alternative names as well
  TCP_TRY_ASSIGN(interfaces, list_interfaces());
  const auto found = std::ranges::find(interfaces, index, &Interface::index);
  if (index == 0 || found == interfaces.end()) {
    return make_error(Errc::not_found, "interface '" + name + "'", "there is none of that name",
                      "'ip link' lists the interfaces");
  }
  return std::move(*found);
}

Result<bool> is_running(std::uint32_t interface_index) {
  TCP_TRY_ASSIGN(socket, NetlinkSocket::open(NETLINK_ROUTE));
  const auto request = make_link_request(interface_index);
  bool running = false;
  auto asked = socket.request(RTM_GETLINK, 0, request, [&](std::uint16_t type, auto payload) -> Result<void> {
    if (type != RTM_NEWLINK) return {};
    TCP_TRY_ASSIGN(link, parse_link_message(payload));
    constexpr std::uint32_t kWanted = IFF_UP | IFF_RUNNING;
    running = (link.flags & kWanted) == kWanted;
    return {};
  });
  if (!asked && !asked.error().is(std::errc::no_such_device)) return std::unexpected(asked.error());
  return running;
}

}  // namespace tcp::net
